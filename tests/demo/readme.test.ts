import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RedisSaver } from "langgraph-redis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { freshPrefix, redisUrl } from "../helpers/redis.js";
import { openAIEndpoint } from "./openai-endpoint.js";
import { copyPackage, type PackageCopy, ROOT, run } from "./package-copy.js";

const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const blocks = (language: string) =>
  [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? "");
const [hello = "", meaning = "", ownClient = "", caching = "", ...others] = blocks("ts");

let copy: PackageCopy;
beforeAll(async () => {
  copy = await copyPackage();
});
afterAll(() => copy?.remove());

/** Runs a block as a reader would: saved to a file, with plain Node. Only the key prefix is another one. */
async function runBlock(block: string, keyPrefix: string, env: Record<string, string> = {}) {
  const file = join(copy.directory, `${keyPrefix}.mjs`);
  await writeFile(file, block.replaceAll(/keyPrefix: "\w+"/g, `keyPrefix: "${keyPrefix}"`));
  const options = { cwd: copy.directory, env: { ...process.env, REDIS_URL: redisUrl(), ...env } };
  return (await run(process.execPath, [file], options)).stdout.trimEnd().split("\n");
}

describe("every code block of the README", () => {
  test("is run by a test below, and under a key prefix", () => {
    expect(others).toEqual([]);
    const fenced = [...readme.matchAll(/^```(\w+)$/gm)].map((match) => match[1]);
    expect(new Set(fenced)).toEqual(new Set(["ts", "bash"]));
    for (const block of blocks("ts")) expect(block).toMatch(/keyPrefix: "\w+"/);
  });

  test("is correct TypeScript", async () => {
    const files = blocks("ts").map((block, index) => ({ name: `block-${index}.ts`, block }));
    // A name that two blocks declare does not clash: each block is a module.
    for (const { name, block } of files) await writeFile(join(copy.directory, name), block);
    const config = join(copy.directory, "tsconfig.readme.json");
    await writeFile(
      config,
      JSON.stringify({
        extends: join(ROOT, "tsconfig.json"),
        compilerOptions: { paths: { "langgraph-redis": [join(ROOT, "src/index.ts")] } },
        files: [...files.map(({ name }) => name), join(ROOT, "src/lua.d.ts")],
        include: [],
      }),
    );
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", config]).catch((error) => error);
    expect(stdout).toBe("");
  });
});

test("the first example is short, and its second run goes on in the same threads", async () => {
  const lines = hello.split("\n").filter((line) => line !== "");
  expect(lines.length).toBeLessThanOrEqual(15);

  const prefix = freshPrefix();
  expect(await runBlock(hello, prefix)).toEqual([
    "message 1 here, note 1 in all",
    "message 1 here, note 2 in all",
  ]);
  expect(await runBlock(hello, prefix)).toEqual([
    "message 3 here, note 3 in all",
    "message 3 here, note 4 in all",
  ]);
});

test("the example of meaning finds Bob's name, with a score", async () => {
  const endpoint = await openAIEndpoint();
  try {
    const [line] = await runBlock(meaning, freshPrefix(), endpoint.env);
    expect(line).toMatch(/^User name is Bob 0\.\d+$/);
  } finally {
    await endpoint.stop();
  }
});

test("the example with an own client deletes that thread", async () => {
  const keyPrefix = freshPrefix();
  const saver = await RedisSaver.fromConnString(redisUrl(), { keyPrefix });
  onTestFinished(() => saver.end());
  const checkpoint = { v: 4, id: "1", ts: "", channel_values: {}, channel_versions: {}, versions_seen: {} };
  const ofThread = (thread_id: string) => ({ configurable: { thread_id, checkpoint_ns: "" } });
  const metadata = { source: "input" as const, step: -1, parents: {} };
  await saver.put(ofThread("yesterday"), checkpoint, metadata, {});
  await saver.put(ofThread("today"), checkpoint, metadata, {});

  await runBlock(ownClient, keyPrefix);

  expect(await saver.getTuple(ofThread("yesterday"))).toBeUndefined();
  expect(await saver.getTuple(ofThread("today"))).toBeDefined();
});

test("the example of a cache looks each city up once", async () => {
  const prefix = freshPrefix();
  const first = ["looking up Paris", "sunny in Paris", "looking up Rome", "sunny in Rome", "sunny in Paris"];
  expect(await runBlock(caching, prefix)).toEqual(first);
  expect(await runBlock(caching, prefix)).toEqual(["sunny in Paris", "sunny in Rome", "sunny in Paris"]);
});

test("the commands of the README exist", () => {
  const { scripts, peerDependencies, peerDependenciesMeta } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  );
  const needed = Object.keys(peerDependencies).filter((peer) => !peerDependenciesMeta[peer]?.optional);
  const [install = "", ...commands] = blocks("bash").map((block) => block.trim());
  // @langchain/langgraph brings @langchain/langgraph-checkpoint with it.
  const named = [...install.split(" "), "@langchain/langgraph-checkpoint"];
  for (const peer of needed) expect(named).toContain(peer);
  expect(commands).toEqual([
    "npm install && npm run demo",
    "npm install && npm test",
    "sudo apt-get install redis-server gcc locales postgresql chromium",
  ]);
  expect(scripts).toMatchObject({ demo: expect.any(String), test: expect.any(String) });
});

test("the links of the README lead somewhere", () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1] ?? "");
  expect(links.filter((link) => !existsSync(join(ROOT, link)))).toEqual([]);
});

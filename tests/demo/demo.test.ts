import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inspect } from "../../demo/inspect.js";
import { redisUrl } from "../helpers/redis.js";
import { sweepAtEnd } from "../helpers/servers/index.js";
import { openAIEndpoint } from "./openai-endpoint.js";
import { copyPackage, type PackageCopy, ROOT, run } from "./package-copy.js";

let copy: PackageCopy;
beforeAll(async () => {
  copy = await copyPackage();
});
afterAll(() => copy?.remove());

/** What `npm run demo` does after the build, against the server of this run. */
async function demo(env: Record<string, string>, ...args: string[]) {
  const tsx = join(ROOT, "node_modules", "tsx", "dist", "cli.mjs");
  const options = { cwd: ROOT, env: { ...process.env, REDIS_URL: redisUrl(), OPENAI_API_KEY: "", ...env } };
  return run(process.execPath, [tsx, "--tsconfig", copy.tsconfig, "demo/main.ts", ...args], options);
}

/** The blocks of the output by their first lines, from the title of one to the next empty line. */
const block = (output: string, title: RegExp) =>
  output.split(/\n\n/).find((part) => title.test(part.split("\n")[0] ?? ""));

describe("the demo without a key", () => {
  let stdout: string;
  beforeAll(async () => {
    ({ stdout } = await demo({}));
  });

  test("says which server and which models it uses", () => {
    expect(stdout).toMatch(/^Server {2}.*\(REDIS_URL\)$/m);
    expect(stdout).toMatch(/^Models {2}a scripted chat model and the Universal Sentence Encoder/m);
  });

  test.each(["StateGraph", "functional API"])("%s: remembers the name across threads, per user", (chat) => {
    const part = stdout.slice(stdout.indexOf(`  ${chat}\n`));
    const said = part.slice(0, part.indexOf("\n\n"));
    expect(said).toMatch(/thread 2 {2}user 1 {2}what is my name\?\n +AI {2}Your name is Bob\.\n/);
    expect(said).toMatch(/thread 3 {2}user 2 {2}what is my name\?\n +AI {2}I don't know your name/);
    expect(said).toContain("memories of user 1: User name is Bob");
    expect(said).toContain("memories of user 2: none");
  });

  test("goes on in thread 1 in another process", () => {
    const [before, after] = [...stdout.matchAll(/\(process (\d+)\)/g)].map((match) => match[1]);
    expect(before).not.toBe(after);
    const second = stdout.slice(stdout.indexOf("another one goes on"));
    const answers = second.match(/The first thing you told me was: "Hi! Remember: my name is Bob"/g);
    expect(answers).toHaveLength(2);
  });

  test("says how long the memory look-ups took", () => {
    expect(stdout).toMatch(
      /memory look-up: 0 memories found, [\d.]+ ms in Redis, [\d.]+ ms in the embedding model/,
    );
    expect(stdout).toMatch(/memory look-up: 1 memory found/);
  });

  test("shows what is in Redis: keys, their types and sizes, and the index", () => {
    const stored = block(stdout, /^What is in Redis now/);
    expect(stored).toMatch(/StateGraph: \d+ keys, [\d.]+ kB/);
    expect(stored).toMatch(/^ {4}…\S+ +(hash|zset|string|set) +[\d.]+ k?B$/m);
    expect(stored).toMatch(/search index …\S+: 1 document; .*VECTOR/);
  });

  test("leaves nothing behind", async () => {
    const prefix = /^Keys {4}under (demo-[0-9a-f]+),/m.exec(stdout)?.[1];
    expect(prefix).toBeDefined();
    expect(await inspect(redisUrl(), prefix ?? "")).toEqual({ keys: [], indexes: [] });
    expect(stdout.trimEnd()).toMatch(/nothing of it is left in Redis\.$/);
  });
});

test("the demo with a key uses OpenAI's models, and with --keep leaves its data to look at", async () => {
  const endpoint = await openAIEndpoint();
  try {
    const { stdout } = await demo(endpoint.env, "--keep");
    const [, url, prefix = ""] = /npm run studio -- --url (\S+) --prefix (\S+)-graph$/m.exec(stdout) ?? [];
    expect(url).toBe(redisUrl());
    expect(stdout.trimEnd()).toMatch(new RegExp(`its keys stay under ${prefix}\\.$`));
    expect((await inspect(redisUrl(), `${prefix}-graph`)).keys.length).toBeGreaterThan(0);
    await sweepAtEnd(redisUrl(), prefix)();
    expect(stdout).toMatch(
      /^Models {2}gpt-4o-mini and text-embedding-3-small \(1536 dimensions\) by OpenAI$/m,
    );
    expect(stdout.match(/AI {2}Your name is Bob\./g)).toHaveLength(2);
    expect(new Set(endpoint.requests)).toEqual(new Set(["/v1/embeddings", "/v1/chat/completions"]));
  } finally {
    await endpoint.stop();
  }
});

test("the demo ends with an error that says what is wrong when the server does not answer", async () => {
  const failed = await demo({ REDIS_URL: "redis://127.0.0.1:1" }).catch((error) => error);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/The demo failed: REDIS_URL is set but the server does not answer/);
});

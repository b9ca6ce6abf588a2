import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openAIEndpoint } from "../demo/openai-endpoint.js";
import { copyPackage, type PackageCopy, ROOT, run } from "../demo/package-copy.js";
import { startServer, type TestServer } from "../helpers/servers/index.js";

let copy: PackageCopy;
let endpoint: Awaited<ReturnType<typeof openAIEndpoint>>;
let server: TestServer;
beforeAll(async () => {
  // A server of its own: the key prefixes of the programs are their own choice.
  [copy, endpoint, server] = await Promise.all([copyPackage(), openAIEndpoint(), startServer({ own: true })]);
}, 180_000);
afterAll(() => Promise.all([copy?.remove(), endpoint?.stop(), server?.stop()]));

/** Runs an example as a program, as a reader with a key would. */
async function program(name: string) {
  const tsx = join(ROOT, "node_modules", "tsx", "dist", "cli.mjs");
  const env = { ...process.env, ...endpoint.env, REDIS_URL: server.url };
  const args = [tsx, "--tsconfig", copy.tsconfig, join("examples", `${name}.ts`)];
  return (await run(process.execPath, args, { cwd: ROOT, env })).stdout;
}

test.each(["cross-thread-memory", "functional-api", "functional-api-streaming"])("%s", async (name) => {
  const output = await program(name);
  expect(output).toContain("[thread 2] AI: Your name is Bob.");
  expect(output).toContain("{ data: 'User name is Bob' }");
  expect(output).toContain("[thread 3] AI: I don't know your name");
});

test("facts-by-tool-call", async () => {
  const output = await program("facts-by-tool-call");
  expect(output).toContain("{ fact: 'User likes pepperoni pizza', topic: 'Food' }");
  expect(output).toContain("{ fact: 'User just moved to San Francisco', topic: 'Location' }");
  expect(output).toContain("Since you like pepperoni pizza and you are in San Francisco");
  expect(output).toMatch(/Where are you, and what do you like to eat\?[\s\S]*\[\]\n$/);
});

test("node-cache", async () => {
  const [nodes, cleared, tasks] = (await program("node-cache")).split(/^--- .*\n/m).slice(1);
  expect(nodes).toBe("looking up Paris\nsunny in Paris\nlooking up Rome\nsunny in Rome\nsunny in Paris\n");
  expect(cleared).toBe("looking up Paris\nsunny in Paris\n");
  expect(tasks).toBe(
    "looking up Oslo\nlooking up Bern\n[ 'sunny in Oslo', 'sunny in Bern' ]\n[ 'sunny in Bern', 'sunny in Oslo' ]\n",
  );
});

test("thread-memory", async () => {
  const [without, withOne, other, resumed] = (await program("thread-memory")).split(/^--- .*\n/m).slice(1);
  expect(without).toContain("I don't know your name");
  expect(withOne).toContain("AI: Your name is Bob.");
  expect(other).toContain("I don't know your name");
  expect(resumed).toContain("AI: Your name is Bob.");
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisStore } from "langgraph-redis";
import { expect, onTestFinished, test } from "vitest";
import { openAIEndpoint } from "../demo/openai-endpoint.js";
import { cliOn, inspecting, parsed } from "./helpers.js";

const vectors: Record<string, number[]> = { pizza: [1, 0, 0], pasta: [0.9, 0.1, 0], chess: [0, 0, 1] };
const embeddings = {
  embedDocuments: async (texts: string[]) => texts.map((text) => vectors[text] ?? [0, 1, 0]),
  embedQuery: async (text: string) => vectors[text] ?? [0, 1, 0],
};

async function files(contents: Record<string, string>): Promise<(name: string) => string> {
  const directory = await mkdtemp(join(tmpdir(), "langgraph-redis-cli-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(contents)) await writeFile(join(directory, name), text);
  return (name) => join(directory, name);
}

async function filled(index: ConstructorParameters<typeof RedisStore>[0]["index"]) {
  const context = await inspecting();
  const { client } = context.server;
  const store = new RedisStore({ client, keyPrefix: context.keyPrefix, index });
  for (const word of Object.keys(vectors))
    await store.put(["food"], word, { text: word }, { index: ["text"] });
  return { context, run: cliOn(context), store };
}

const keysOf = (rows: { key: string }[]) => rows.map(({ key }) => key);

test("search by words, as the programs' own store searches", async () => {
  const { run } = await filled({ text: true });
  const found = await run(["search", "food", "pizza"]);
  expect(found.stdout).toMatch(
    /^score +namespace +key +updated +value\n\d\.\d{3} +food +pizza .*"pizza"\}\n$/,
  );
  expect(parsed(await run(["search", "/", "nothing", "of", "this", "--json"]))).toEqual({
    mode: "text",
    rows: [],
  });
  expect((await run(["search", "food", "pizza", "--mode", "vector"])).stderr).toContain("no vectors");
});

test("search by meaning: with a vector from a file, and with a model from a module", async () => {
  const { run, context } = await filled({ dims: 3, embeddings });
  const path = await files({
    "query.json": "[0, 0, 1]",
    "model.mjs": `
      const vectors = ${JSON.stringify(vectors)};
      export default () => ({ embedQuery: async (text) => vectors[text], embedDocuments: async () => [] });`,
    "wrong.mjs": "export default 1;",
  });
  const first = parsed(
    await run(["search", "food", "x", "--vector", path("query.json"), "--json", "--limit", "1"]),
  );
  expect(first).toMatchObject({ mode: "vector", rows: [{ key: "chess", score: expect.closeTo(1, 3) }] });
  const meaning = parsed(await run(["search", "food", "pizza", "--embeddings", path("model.mjs"), "--json"]));
  expect(keysOf(meaning.rows)).toEqual(["pizza", "pasta", "chess"]);
  const refused = async (...argv: string[]) => {
    const { code, stderr } = await run(["search", "food", "pizza", ...argv]);
    return `${code} ${stderr}`;
  };
  expect(await refused()).toMatch(/^1 .*no index of words/);
  expect(await refused("--mode", "vector")).toMatch(/^1 .*needs an embedding model/);
  expect(await refused("--embeddings", path("wrong.mjs"))).toMatch(/^2 .*must be a LangChain Embeddings/);
  expect(await refused("--embeddings", "/nowhere.mjs")).toMatch(/^2 .*cannot be loaded/);
  expect(await refused("--vector", path("model.mjs"))).toMatch(/^2 .*JSON array of numbers/);
  expect(await context.store.inspectIndex()).toMatchObject({ generation: 1, dims: 3 });
});

test("search by meaning with a key of OpenAI's", async () => {
  const endpoint = await openAIEndpoint();
  onTestFinished(() => endpoint.stop());
  const { run } = await filled({
    dims: 1536,
    embeddings: { embedDocuments: wide, embedQuery: async (text) => (await wide([text]))[0] as number[] },
  });
  const output = await run(["search", "food", "pizza", "--json"], { env: endpoint.env });
  expect(output.stderr).toBe("");
  expect(parsed(output)).toMatchObject({ mode: "vector" });
  expect(endpoint.requests).toContain("/v1/embeddings");
});

const wide = async (texts: string[]) =>
  texts.map((_, at) => Array.from({ length: 1536 }, (_, i) => (i === at ? 1 : 0.1)));

test("search of a store that was never used finds nothing, and leaves nothing", async () => {
  const context = await inspecting();
  expect((await cliOn(context)(["search", "/", "pizza"])).stdout).toBe("No items.\n");
  expect(await context.store.inspectIndex()).toBeUndefined();
});

test("stats counts threads, items and vectors", async () => {
  const { run, context } = await filled({ dims: 3, embeddings });
  const { save } = await import("./helpers.js");
  for (const thread of ["a", "b"]) await save(context.saver, thread, { n: 1 });
  const stats = parsed(await run(["stats", "--json"]));
  expect(stats).toMatchObject({
    threads: { count: 2, isExact: true, sample: { threads: 2, checkpoints: 2 } },
    store: { items: 3, namespaces: 1, index: { vectors: 3, dims: 3 } },
  });
  expect(stats.servers[0].usedMemory).toBeGreaterThan(1_000_000);
  expect((await run(["stats"])).stdout).toMatch(
    /^threads +2\n {2}each, on average +[\d.]+ k?B, 1 checkpoints/m,
  );
});

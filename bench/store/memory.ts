import { randomUUID } from "node:crypto";
import { RedisStore, type StoreIndexConfig } from "langgraph-redis";
import type { Part } from "../part.js";
import { bytes, table, times } from "../report.js";
import { English } from "../saver/english.js";
import { type BenchClient, withServer } from "../server.js";
import { modelOf, syntheticVectors, type Vectors } from "./vectors.js";

const ITEMS = 4_096;
const DIMS = 512;
const CHARACTERS = 200;

interface Item {
  key: string;
  user: string;
  value: { text: string; kind: string };
}

type Fill = (client: BenchClient, keyPrefix: string, items: readonly Item[]) => Promise<void>;

/** What of the server's memory an item takes, with its part of the index and of what namespaces know. */
async function memoryPerItem(search: boolean, items: readonly Item[], fill: Fill): Promise<number> {
  return withServer(
    async ({ client, keyPrefix }) => {
      const used = async () => Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
      // Scripts and buffers are there before it counts.
      await fill(client, `${keyPrefix}-before`, items.slice(0, 100));
      await client.flushDb();
      const before = await used();
      await fill(client, keyPrefix, items);
      return ((await used()) - before) / items.length;
    },
    { search },
  );
}

function withStore(engine: "search" | "core", index?: StoreIndexConfig): Fill {
  return async (client, keyPrefix, items) => {
    const store = new RedisStore({ client, keyPrefix, engine, index });
    for (let from = 0; from < items.length; from += 100) {
      const batch = items.slice(from, from + 100);
      await store.batch(batch.map(({ key, user, value }) => ({ namespace: ["memories", user], key, value })));
    }
  };
}

/** A hash of the JSON and the vector for each item, and an index of the vectors like the store's. */
function withHashes(vectors: Vectors): Fill {
  return async (client, keyPrefix, items) => {
    const settings = ["TYPE", "FLOAT32", "DIM", String(DIMS), "DISTANCE_METRIC", "COSINE", "M", "32"];
    const vector = ["vector", "VECTOR", "HNSW", "10", ...settings, "EF_CONSTRUCTION", "200"];
    const scope = ["ON", "HASH", "PREFIX", "1", `${keyPrefix}:`];
    await client.sendCommand(["FT.CREATE", `${keyPrefix}-index`, ...scope, "SCHEMA", ...vector]);
    for (const { key, user, value } of items) {
      const floats = Buffer.from(Float32Array.from(vectors.of(value.text)).buffer);
      await client.hSet(`${keyPrefix}:memories:${user}:${key}`, {
        value: JSON.stringify(value),
        vector: floats,
      });
    }
  };
}

async function measure() {
  const english = new English(1);
  const items = Array.from({ length: ITEMS }, (_, at) => ({
    key: randomUUID(),
    user: `user-${at % 50}`,
    value: { text: english.text(CHARACTERS, CHARACTERS), kind: "fact" },
  }));
  const { names, of } = syntheticVectors(ITEMS, true, DIMS);
  const ofText = new Map(items.map(({ value }, at) => [value.text, of(names[at] as string)]));
  const vectors = { ...syntheticVectors(0, true, DIMS), of: (text: string) => ofText.get(text) as number[] };
  const index = { dims: DIMS, embeddings: modelOf(vectors), fields: ["text"] };
  const json = items.reduce((sum, { value }) => sum + Buffer.byteLength(JSON.stringify(value)), 0) / ITEMS;
  const figure = (search: boolean, fill: Fill) => memoryPerItem(search, items, fill);
  return {
    json,
    hashes: await figure(true, withHashes(vectors)),
    vectors: await figure(true, withStore("search", index)),
    both: await figure(true, withStore("search", { ...index, text: true })),
    words: await figure(true, withStore("search", { text: true })),
    plain: await figure(true, withStore("search")),
    core: await figure(false, withStore("core", index)),
  };
}

export const memory: Part = {
  name: "memory",
  async measure() {
    const measured = await measure();
    const { json, hashes, vectors, both, words, plain, core } = measured;
    const needed = json + 4 * DIMS;
    const row = (name: string, size: number) => [name, bytes(size), times(size / needed)];
    return {
      goals: [
        {
          what: `memory of an item beyond that of a hash with an equal index ÷ (its JSON + its vector of ${DIMS} dimensions)`,
          measured: (vectors - hashes) / needed,
          bound: { atMost: 0.43 },
          show: times,
        },
      ],
      section: [
        "## Memory of an item",
        `Items with ${CHARACTERS} characters of English text, whose JSON takes ${bytes(json)}; a vector of ${DIMS} dimensions takes ` +
          `${bytes(4 * DIMS)}. Memory is the server's own figure with ${ITEMS.toLocaleString("en")} items in 50 namespaces, index included. ` +
          "The search engine keeps a copy of each vector in its index.",
        table([
          ["", "an item", "÷ (JSON + vector)"],
          row("`HSET` of JSON and vector, with an index of the vectors", hashes),
          row("vectors", vectors),
          row("vectors and words", both),
          row('vectors, engine "core"', core),
        ]),
        table([
          ["without vectors", "an item"],
          ["words", bytes(words)],
          ["neither", bytes(plain)],
        ]),
      ].join("\n\n"),
    };
  },
};

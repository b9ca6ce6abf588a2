import { randomUUID } from "node:crypto";
import { RedisStore } from "langgraph-redis";
import type { BenchClient } from "../server.js";
import { modelOf, type Vectors } from "./vectors.js";

/** Where the items of a measurement are: everything, most of it, and small parts of it. */
export const SCOPES = [
  { name: "whole store", path: [] as string[] },
  { name: "large namespace", path: ["words"] },
  { name: "namespace of 1,000", path: ["words", "thousand"] },
  { name: "namespace of 100", path: ["words", "hundred"] },
] as const;

export function namespaceOf(at: number): string[] {
  if (at < 1_000) return ["words", "thousand"];
  return ["words", at < 1_100 ? "hundred" : `rest ${at % 4}`];
}

export interface Filled {
  store: RedisStore;
  keyPrefix: string;
  /** Deletes what was measured. */
  clear(): Promise<void>;
}

/** A store with one item for each name, and an own key prefix. */
export async function fillStore(
  client: BenchClient,
  vectors: Vectors,
  size: number,
  { text = false }: { text?: boolean } = {},
): Promise<Filled> {
  const keyPrefix = `bench-${randomUUID()}`;
  const index = { dims: vectors.dims, embeddings: modelOf(vectors), fields: ["word"], text };
  const store = new RedisStore({ client, keyPrefix, index });
  for (let from = 0; from < size; from += 500) {
    await store.batch(
      vectors.names.slice(from, Math.min(from + 500, size)).map((word, at) => ({
        namespace: namespaceOf(from + at),
        key: word,
        value: { word, rank: from + at, kind: `kind ${(from + at) % 5}` },
      })),
    );
  }
  const clear = async () => {
    for (const [root] of await store.listNamespaces({ maxDepth: 1 }))
      await store.deleteNamespace([root as string]);
    if (store.engine === "search") await client.sendCommand(["FT.DROPINDEX", `${keyPrefix}:store:1`]);
  };
  return { store, keyPrefix, clear };
}

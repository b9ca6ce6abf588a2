import { randomBytes } from "node:crypto";
import type { RedisClient } from "../../../src/redis/connection.js";
import { LIMITS } from "../../../src/store/limits.js";
import { RedisStore } from "../../../src/store/redis-store.js";
import { FakeEmbeddings } from "../fake-embeddings.js";

/** How the items of a scene are indexed. */
export type Kind =
  | "without an index"
  | "with the words of items"
  | "with several vectors and the words of items"
  | "encrypted, with the words of items"
  | "encrypted, with several vectors and the words of items";

/** What the stores under test embed, and what words are of. */
export const FIELDS = ["title", "chapters[*]"];

/** The stores that sequences are played on. */
export interface Scene {
  readonly kind: Kind;
  /** By configuration, then by client. Without vectors there is one configuration only. */
  readonly stores: readonly (readonly RedisStore[])[];
  /** The model of each configuration. */
  readonly models: readonly FakeEmbeddings[];
  /** The configuration of the index that serves. */
  serving: number;
}

/** Limits under which a few items are several pages, of 2 for one client and of 3 for the other. */
function limitsOf(size: number) {
  return {
    ...{ registryPage: size, scanNamespaces: size, listPage: size, writesTogether: size, rankedValues: size },
    ...{
      rankWindow: size,
      listWindow: size,
      filterPage: size,
      deleteNamespaces: size,
      partitionsTogether: 256,
    },
  };
}

/** @param clients One for each client of the sequences. */
export function openScene(kind: Kind, clients: readonly RedisClient[], keyPrefix: string): Scene {
  const hasVectors = kind.includes("several vectors");
  const keys = kind.startsWith("encrypted") ? { a: randomBytes(32), b: randomBytes(32) } : undefined;
  const models = hasVectors ? [new FakeEmbeddings(16), new FakeEmbeddings(24)] : [undefined];
  const indexOf = (embeddings: FakeEmbeddings | undefined, at: number) => {
    if (kind === "without an index") return undefined;
    if (!embeddings) return { text: true as const, fields: FIELDS, numericFields: ["score"] };
    const numericFields = at === 0 ? ["score", "deep.a"] : [];
    return { dims: embeddings.dims, embeddings, fields: FIELDS, numericFields, text: true };
  };
  const stores = models.map((model, at) =>
    clients.map((client, by) => {
      const [size, index] = [2 + by, indexOf(model, at)];
      const encryption = keys && { keys, current: by === 0 ? "a" : "b" };
      const options = { client, keyPrefix, index, encryption, scanBatchSize: size, [LIMITS]: limitsOf(size) };
      return new RedisStore(options);
    }),
  );
  return { kind, stores, models: models.filter((model) => model !== undefined), serving: 0 };
}

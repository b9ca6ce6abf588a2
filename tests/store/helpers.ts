import { onTestFinished } from "vitest";
import { StoreKeys } from "../../src/store/keys.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { freshPrefix, plainRedisUrl, redisUrl } from "../helpers/redis.js";
import { FakeEmbeddings } from "./fake-embeddings.js";

/** A store of its own on the run's server, stopped after the test. */
export async function openStore(options: RedisStoreOptions = {}, url = redisUrl()): Promise<RedisStore> {
  const store = await RedisStore.fromConnString(url, { keyPrefix: freshPrefix(), ...options });
  onTestFinished(() => store.stop());
  return store;
}

/** The engines, each with a server that it runs on by itself. */
export const ENGINES = [
  { engine: "search", url: redisUrl },
  { engine: "core", url: plainRedisUrl },
] as const;

/** The Redis key of an item's own document. */
export function documentOf(keyPrefix: string, namespace: readonly string[], key: string): string {
  return new StoreKeys(keyPrefix).ofItem(namespace, key).document;
}

/** The Redis keys of what a namespace knows of its own items. */
export function namespaceKeys(keyPrefix: string, namespace: readonly string[]) {
  return new StoreKeys(keyPrefix).ofNamespace(namespace);
}

/** An index over deterministic embeddings, and over the words, of the field `text`. */
export function textIndex(embeddings = new FakeEmbeddings()) {
  return { dims: embeddings.dims, embeddings, fields: ["text"], text: true };
}

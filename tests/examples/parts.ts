import { RedisSaver, RedisStore } from "langgraph-redis";
import { onTestFinished } from "vitest";
import { ScriptedChatModel } from "../../demo/models/scripted-chat-model.js";
import { SentenceEmbeddings } from "../../demo/models/sentence-embeddings.js";
import { freshPrefix, redisUrl } from "../helpers/redis.js";

/** What an example's graph is built from, on the real server and under a prefix of its own. */
export async function openParts({ semantic = true } = {}) {
  const keyPrefix = freshPrefix();
  const checkpointer = await RedisSaver.fromConnString(redisUrl(), { keyPrefix });
  onTestFinished(() => checkpointer.end());
  const index = { dims: SentenceEmbeddings.dims, embeddings: new SentenceEmbeddings() };
  const store = await RedisStore.fromConnString(redisUrl(), semantic ? { keyPrefix, index } : { keyPrefix });
  onTestFinished(() => store.stop());
  return { model: new ScriptedChatModel(), checkpointer, store };
}

/** The values of everything that the store holds under a namespace. */
export async function stored(store: RedisStore, namespace: string[]) {
  return (await store.search(namespace, { limit: 100 })).map((item) => item.value);
}

import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import { RedisStore, type StoredIndexInfo, type StoreIndexConfig } from "langgraph-redis";
import type { InspectContext } from "./context.js";

/** The configuration that an index was made for. `undefined` for one of neither vectors nor words. */
export function configOf(
  index: StoredIndexInfo,
  embeddings: EmbeddingsInterface,
): StoreIndexConfig | undefined {
  const { dims, model, distance, algorithm, m, efConstruction, text } = index;
  const numericFields = [...index.numericFields];
  if (dims === null) return text ? { text: true, numericFields } : undefined;
  return {
    dims,
    embeddings,
    numericFields,
    text,
    ...(model !== null && { model }),
    ...(distance !== null && { distance }),
    ...(algorithm !== null && { algorithm }),
    ...(m !== null && { m }),
    ...(efConstruction !== null && { efConstruction }),
  };
}

/** The store as the programs have it that made its index. */
export function openIndexed(
  { server, keyPrefix, encryption }: InspectContext,
  config: StoreIndexConfig | undefined,
  fields?: string[],
): RedisStore {
  const { client } = server;
  const index = config && { ...config, ...(fields && { fields }) };
  return new RedisStore({ client, keyPrefix, ...(index && { index }), ...(encryption && { encryption }) });
}

import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, test } from "vitest";
import { RedisStore } from "../../../src/store/store.js";
import { freshPrefix, plainRedisUrl, redisUrl } from "../../helpers/redis.js";
import { FakeEmbeddings } from "../fake-embeddings.js";
import { sequences } from "./arbitraries.js";
import { EMBEDDED_FIELDS, runSequence } from "./run.js";

/** How many sequences run in total. Set MODEL_RUNS for more. */
const RUNS = Number(process.env.MODEL_RUNS ?? 500);

const ENGINES = [
  { name: "search", url: redisUrl },
  { name: "core", url: plainRedisUrl },
];

describe.each(ENGINES)(
  "random sequences of operations do what the model does, on engine $name",
  ({ url }) => {
    const runs = Math.ceil(RUNS / 2 / ENGINES.length);

    test(`without an index, ${runs} sequences`, { timeout: 600_000 }, async () => {
      const store = await RedisStore.fromConnString(url(), { keyPrefix: freshPrefix() });
      await check(store, undefined, runs);
    });

    test(`with several vectors for each item, ${runs} sequences`, { timeout: 600_000 }, async () => {
      const embeddings = new FakeEmbeddings();
      const store = await RedisStore.fromConnString(url(), {
        keyPrefix: freshPrefix(),
        index: {
          dims: embeddings.dims,
          embeddings,
          fields: EMBEDDED_FIELDS,
          numericFields: ["score", "deep.a"],
        },
      });
      await check(store, embeddings, runs);
    });
  },
);

async function check(store: RedisStore, model: FakeEmbeddings | undefined, runs: number): Promise<void> {
  try {
    await fc.assert(
      fc.asyncProperty(sequences, (steps) => runSequence(store, randomUUID(), steps, model)),
      { numRuns: runs },
    );
  } finally {
    await store.stop();
  }
}

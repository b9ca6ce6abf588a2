import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { freshPrefix } from "../../helpers/redis.js";
import { startServer } from "../../helpers/servers/index.js";
import { runModel } from "./run.js";

/** How many sequences are played. Set MODEL_RUNS for more, and MODEL_SEED for those that failed. */
const RUNS = Number(process.env.MODEL_RUNS ?? 2_000);
const SEED = Number(process.env.MODEL_SEED ?? randomInt(2 ** 30));

test(`savers in several processes do what the oracle does, in ${RUNS} random sequences`, {
  timeout: 1_800_000,
}, async () => {
  const server = await startServer({ search: false, own: true });
  try {
    const played = await runModel({ url: server.url, prefix: freshPrefix(), seed: SEED, sequences: RUNS });
    expect(played.sequences).toBeGreaterThanOrEqual(RUNS);
  } finally {
    await server.stop();
  }
});

import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { freshPrefix } from "../../helpers/redis.js";
import { startServer } from "../../helpers/servers/index.js";
import { runModel } from "./run.js";

const STEPS = 100_000;

test(`savers in several processes do what the oracle does, in ${STEPS} random steps`, {
  timeout: 3_600_000,
}, async () => {
  const server = await startServer({ search: false, own: true });
  try {
    const seed = Number(process.env.MODEL_SEED ?? randomInt(2 ** 30));
    const played = await runModel({ url: server.url, prefix: freshPrefix(), seed, steps: STEPS });
    expect(played.steps).toBeGreaterThanOrEqual(STEPS);
  } finally {
    await server.stop();
  }
});

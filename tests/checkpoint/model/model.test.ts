import { expect, test } from "vitest";
import { runOnServer } from "./on-server.js";

/** How many sequences are played. Set MODEL_RUNS for more, and MODEL_SEED for those that failed. */
const RUNS = Number(process.env.MODEL_RUNS ?? 800);

test(`savers in several processes do what the oracle does, in ${RUNS} random sequences`, {
  timeout: 1_800_000,
}, async () => {
  const played = await runOnServer({ sequences: RUNS });
  expect(played.sequences).toBeGreaterThanOrEqual(RUNS);
});

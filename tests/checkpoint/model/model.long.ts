import { expect, test } from "vitest";
import { runOnServer } from "./on-server.js";

const STEPS = 100_000;

test(`savers in several processes do what the oracle does, in ${STEPS} random steps`, {
  timeout: 7_200_000,
}, async () => {
  const played = await runOnServer({ steps: STEPS });
  expect(played.steps).toBeGreaterThanOrEqual(STEPS);
});

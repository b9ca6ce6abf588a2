import { describe, expect, test } from "vitest";
import { PLACES, play } from "./play.js";

const STEPS = 100_000;

describe.each(PLACES)(
  `of ${STEPS} random steps of two clients all do what the model does, on $place`,
  ({ share, kinds, open }) => {
    test.each(kinds)("$kind", { timeout: 7_200_000 }, async ({ kind, share: part }) => {
      const { steps } = await play(open, kind, { steps: STEPS * share * part });
      expect(steps).toBeGreaterThanOrEqual(STEPS * share * part);
    });
  },
);

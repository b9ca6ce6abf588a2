import { describe, expect, test } from "vitest";
import { PLACES, play, RUNS } from "./play.js";

// With a search engine in a file of its own, search-model.test.ts, so that both run side by side.

describe.each(PLACES.filter(({ engine }) => engine === "core"))(
  "random sequences of two clients do what the model does, on $place",
  ({ share, kinds, open }) => {
    test.each(kinds)("$kind", { timeout: 900_000 }, async ({ kind, share: part }) => {
      const { sequences } = await play(open, kind, { sequences: RUNS * share * part });
      expect(sequences).toBeGreaterThanOrEqual(RUNS * share * part);
    });
  },
);

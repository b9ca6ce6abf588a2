import { expect, test } from "vitest";
import { LIMITS } from "../../../src/checkpoint/limits.js";
import { expectConsistent } from "../consistency.js";
import { keysUnder, savers } from "../helpers.js";
import { act, randomOf } from "../removal/actions.js";
import { identity, rawThread, readThread, rewrite, unpacking } from "./helpers.js";

const SEEDS = Number(process.env.REWRITE_SEEDS ?? 3);
const seeds = Array.from({ length: SEEDS }, (_, n) => Number(process.env.REWRITE_SEED ?? 0) + n);

/** Savers whose portions are a few entries, or all. */
const PORTIONS: readonly object[] = [
  {},
  { [LIMITS]: { pageBytes: 2_000, scriptBatch: 7 } },
  { [LIMITS]: { pageBytes: 1, scriptBatch: 1 } },
];

/** Threads "a" and "b" with all that may be in one. */
async function randomThreads(seed: number) {
  const { client, keyPrefix, saver } = await savers();
  const random = randomOf(seed);
  const clients = [
    saver(),
    saver({ history: seed % 2 ? "latest" : "all", [LIMITS]: { removal: 1 } } as object),
    saver({ ttl: { defaultTTL: 60 } }),
    saver({ compression: { threshold: 2_000 } }),
  ];
  const step = () => act(clients[random(clients.length)] as (typeof clients)[number], random);
  for (let n = 0; n < 100; n++) await step();
  const rewriter = saver(PORTIONS[seed % PORTIONS.length]);
  return { client, keyPrefix, saver, rewriter, step };
}

test.each(seeds)(
  "a thread that becomes what it was is stored as it was, byte by byte (seed %i)",
  async (seed) => {
    const { client, keyPrefix, rewriter, saver } = await randomThreads(seed);
    for (const thread of ["a", "b"]) {
      const before = await rawThread(client, keyPrefix, thread);
      const read = await readThread(saver(), thread);
      const outcome = await rewrite(rewriter, thread, identity());
      if (read.stats === undefined) {
        expect(outcome).toBe("no source");
        continue;
      }
      expect(outcome).toMatchObject({ checkpoints: read.stats[0] });
      expect(await rawThread(client, keyPrefix, thread)).toEqual(before);
      expect(await readThread(saver(), thread)).toEqual(read);
    }
    await expectConsistent(client, keyPrefix);
    expect(await keysUnder(client, `${keyPrefix}:{`)).not.toContainEqual(
      expect.stringContaining(":rewrite:"),
    );
  },
);

test.each(seeds)(
  "a thread whose parts have other bytes and names reads as before, and goes on in clients that knew it (seed %i)",
  async (seed) => {
    const { client, keyPrefix, rewriter, saver, step } = await randomThreads(seed);
    for (const thread of ["a", "b"]) {
      const read = await readThread(saver(), thread);
      await rewrite(rewriter, thread, unpacking());
      expect(await readThread(saver(), thread)).toEqual(read);
      expect(await readThread(rewriter, thread)).toEqual(read);
      await expectConsistent(client, keyPrefix);
      expect(await rewrite(rewriter, thread, unpacking())).toEqual(
        read.stats ? expect.objectContaining({ rewritten: 0 }) : "no source",
      );
    }
    for (let n = 0; n < 40; n++) await step();
    await expectConsistent(client, keyPrefix);
    await readThread(saver(), "a");
    await readThread(saver(), "b");
  },
);

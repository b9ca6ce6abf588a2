import { expect, test } from "vitest";
import { expectConsistent } from "../consistency.js";
import { keysUnder, pagesOf, savers } from "../helpers.js";
import { act, randomOf } from "./actions.js";

const SEEDS = Number(process.env.REMOVAL_SEEDS ?? 6);

test.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
  "what is stored accounts for itself after each of many operations, and nothing is left in the end (seed %i)",
  async (seed) => {
    const { client, keyPrefix, saver } = await savers();
    const random = randomOf(Number(process.env.REMOVAL_SEED ?? 0) + seed);
    const clients = [
      saver(),
      saver({ ...pagesOf(1), history: seed % 2 ? "latest" : "all" }),
      saver({ ...pagesOf(3), ttl: { defaultTTL: 60 } }),
    ];
    for (let n = 0; n < 150; n++) {
      await act(clients[random(clients.length)] as (typeof clients)[number], random);
      if (n % 5 === 0) await expectConsistent(client, keyPrefix, `seed ${seed}, operation ${n}`);
    }
    await expectConsistent(client, keyPrefix, `seed ${seed}`);
    for (const { threadId } of await saver().listThreads()) await saver().deleteThread(threadId);
    expect(await keysUnder(client, keyPrefix)).toEqual([]);
  },
);

import type { CheckpointTuple, DeltaChannelHistory } from "@langchain/langgraph-checkpoint";
import { CheckpointNotFoundError, InvalidInputError, RedisSaver, type ThreadInfo } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { threadKeys } from "../../src/checkpoint/keys.js";
import { createConnection } from "../../src/redis/connection.js";
import { config, id, list, put } from "../conformance/saver/steps.js";
import { crossSlotConnection } from "../helpers/cross-slot-connection.js";
import { connect, freshPrefix, type TestClient } from "../helpers/redis.js";
import { atEveryGap, SteppingConnection } from "../helpers/stepping-connection.js";
import { expectConsistent } from "./consistency.js";
import { enterExpired, entry, isOnPartitionOf, pagesOf, partitionIndex } from "./helpers.js";

// A second client does something before each command of an operation, and after the last one.

/** Several chunks, some of which are shared by all checkpoints; of one length for any n. */
const state = (n: number) => ({
  l: [...Array.from({ length: 4 }, (_, at) => `${at} `.repeat(5_000)), entry(n)],
  single: `${n % 10} `.repeat(500),
});
const SAME = ["t", "copy"];

async function step(saver: RedisSaver, n: number, run: string, parent?: number, thread = "t"): Promise<void> {
  const at = await put(saver, thread, {
    id: id(n),
    parent: parent === undefined ? undefined : id(parent),
    values: state(n),
    versions: { l: n, single: n },
    metadata: { run_id: run, counters_since_delta_snapshot: { log: [1, 1] } },
  });
  await saver.putWrites(at, [["log", `written at ${n}`]], "task");
}

interface Setting {
  readonly client: TestClient;
  readonly keyPrefix: string;
  /** The client whose operation is interrupted. */
  readonly saver: RedisSaver;
  /** The client that comes in between. */
  readonly other: RedisSaver;
}

const others: Record<string, (setting: Setting) => Promise<unknown>> = {
  "deletes the thread": ({ other }) => other.deleteThread("t"),
  "prunes the thread": ({ other }) => other.prune(["t"], { strategy: "keep_latest" }),
  "deletes a run": ({ other }) => other.deleteForRuns(["second"]),
  "puts a checkpoint": ({ other }) => step(other, 9, "second", 3),
  "puts a checkpoint after deleting the thread": async ({ other }) => {
    await other.deleteThread("t");
    await step(other, 9, "second");
  },
  // Readers remove what they find stale in the registry.
  "lists all threads": ({ other }) => other.listThreads(),
  "lets the thread expire": async ({ client, keyPrefix }) => {
    const { own, partition } = threadKeys(keyPrefix, "t");
    await client.unlink([...own]);
    await client.zAdd(partition.expires, { value: "t", score: Date.now() - 2_000 }, { condition: "XX" });
  },
};

const operations: Record<string, (setting: Setting) => Promise<unknown>> = {
  put: ({ saver }) => step(saver, 4, "second", 3),
  "put of a thread's first checkpoint": ({ saver }) => step(saver, 4, "second", undefined, "copy"),
  putWrites: ({ saver }) => saver.putWrites(config("t", "", id(3)), [["l", entry(5)]], "late"),
  getTuple: ({ saver }) => saver.getTuple(config("t")),
  "getTuple of an id": ({ saver }) => saver.getTuple(config("t", "", id(2))),
  list: ({ saver }) => list(saver, config("t")),
  "list with a filter": ({ saver }) => list(saver, config("t"), { filter: { run_id: "second" } }),
  "list without a thread": ({ saver }) => list(saver, {}),
  getDeltaChannelHistory: ({ saver }) =>
    saver.getDeltaChannelHistory({ config: config("t", "", id(3)), channels: ["log"] }),
  listThreads: ({ saver }) => saver.listThreads(),
  deleteThread: ({ saver }) => saver.deleteThread("t"),
  "prune with keep_latest": ({ saver }) => saver.prune(["t"], { strategy: "keep_latest", keepLast: 2 }),
  "prune with delete": ({ saver }) => saver.prune(["t"], { strategy: "delete" }),
  deleteForRuns: ({ saver }) => saver.deleteForRuns(["second"]),
  copyThread: ({ saver }) => saver.copyThread("t", "copy"),
  "copyThread between two slots": async ({ saver }) => saver.copyThread("t", "copy"),
  expire: ({ saver }) => saver.expire("t", 5),
};

/** What an operation may return, whatever the other client does. */
const outcomes: Record<string, (value: unknown) => void> = {
  getTuple: (value) => checkTuples(value ? [value as CheckpointTuple] : []),
  "getTuple of an id": (value) => checkTuples(value ? [value as CheckpointTuple] : []),
  list: (value) => checkTuples(value as CheckpointTuple[]),
  "list with a filter": (value) => checkTuples(value as CheckpointTuple[]),
  "list without a thread": (value) => checkTuples(value as CheckpointTuple[]),
  getDeltaChannelHistory: (value) => {
    // All ancestors, or none where the thread is gone: a part would be taken for the whole.
    const { log } = value as Record<"log", DeltaChannelHistory>;
    expect([0, 2]).toContain(log.writes.length);
  },
  listThreads: (value) => {
    const names = (value as ThreadInfo[]).map(({ threadId }) => threadId);
    expect(new Set(names).size).toBe(names.length);
  },
};

function checkTuples(tuples: readonly CheckpointTuple[]): void {
  const ids = tuples.map(({ checkpoint }) => checkpoint.id);
  expect(ids).toEqual([...new Set(ids)].sort().reverse());
  for (const { checkpoint } of tuples) {
    const n = Number.parseInt(checkpoint.id.slice(3, 8), 16);
    expect(checkpoint.channel_values).toEqual(state(n));
  }
}

describe.each(Object.keys(operations))("%s", (operation) => {
  test.each(Object.keys(others))("while another client %s", async (work) => {
    const client = await connect();
    await atEveryGap(
      async () => {
        const keyPrefix = freshPrefix();
        const slots = operation.includes("two slots");
        const inner = createConnection(client);
        const connection = new SteppingConnection(slots ? crossSlotConnection(inner) : inner);
        const options = { keyPrefix, ttl: { defaultTTL: 60 }, ...pagesOf(1) };
        const saver = new RedisSaver({ client: connection, ...options });
        const other = new RedisSaver({ client, ...options });
        const setting = { client, keyPrefix, saver, other };
        for (const n of [1, 2, 3])
          await step(saver, n, n === 2 ? "second" : "first", n > 1 ? n - 1 : undefined);
        await list(saver, config("t"));
        await list(other, config("t"));
        // A thread of long ago that has expired, for what cleans up the registry.
        await enterExpired(client, keyPrefix, "expired");
        return {
          connection,
          operation: () => operations[operation]?.(setting) as Promise<unknown>,
          work: () => others[work]?.(setting),
          check: (gap, outcome) => check(setting, gap, outcome),
        };
      },
      isOnPartitionOf([...SAME, "expired"]),
    );

    async function check(
      { client, keyPrefix, saver }: Setting,
      gap: string,
      outcome: PromiseSettledResult<unknown>,
    ) {
      const told = { message: `${operation}, another client ${work} ${gap}` };
      if (outcome.status === "fulfilled") outcomes[operation]?.(outcome.value);
      else if (
        !(outcome.reason instanceof CheckpointNotFoundError || outcome.reason instanceof InvalidInputError)
      ) {
        throw new Error(told.message, { cause: outcome.reason });
      }
      // What is there is whole, for a client that knows nothing and for one that knows what was.
      const fresh = new RedisSaver({ client, keyPrefix });
      const there: string[] = [];
      for (const thread of SAME) {
        const tuples = await list(fresh, config(thread));
        checkTuples(tuples);
        expect((await list(saver, config(thread))).map(({ checkpoint }) => checkpoint.id)).toEqual(
          tuples.map(({ checkpoint }) => checkpoint.id),
        );
        // Pending writes alone are a thread, too: their checkpoint may be still to come.
        if ((await client.exists([...threadKeys(keyPrefix, thread).own])) > 0) there.push(thread);
        for (const { metadata } of tuples) {
          const run = (metadata as { run_id?: string }).run_id;
          const { runs, expires } = threadKeys(keyPrefix, thread).partition;
          const indexed = await client.zRange(runs, 0, -1);
          const names = [`r:${run}:${thread}`, `t:${thread}:${run}`];
          expect({ ...told, indexed }).toEqual({ ...told, indexed: expect.arrayContaining(names) });
          const expiry = await client.zScore(expires, thread);
          const left = await client.pExpireTime(threadKeys(keyPrefix, thread).checkpoints);
          expect({ ...told, expiry }).toEqual({ ...told, expiry: left });
        }
      }
      // The registry has every thread that is there, and nothing else for long.
      const listed = (await fresh.listThreads()).map(({ threadId }) => threadId).sort();
      expect({ ...told, listed }).toEqual({ ...told, listed: there.sort() });
      for (const index of ["threads", "created"] as const) {
        expect({ ...told, index, names: await partitionIndex(client, keyPrefix, index) }).toEqual({
          ...{ ...told, index },
          names: there.sort(),
        });
      }

      await expectConsistent(client, keyPrefix, told.message);
      // Both go on.
      const latest = (await saver.getTuple(config("t")))?.checkpoint.id;
      await step(
        saver,
        20,
        "third",
        latest === undefined ? undefined : Number.parseInt(latest.slice(3, 8), 16),
      );
      await step(fresh, 21, "third", 20);
      checkTuples(await list(saver, config("t")));
    }
  });
});

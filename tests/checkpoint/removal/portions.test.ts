import { RedisSaver } from "langgraph-redis";
import { expect, test } from "vitest";
import { config, id, listIds, put, values } from "../../conformance/saver/steps.js";
import { connect, freshPrefix } from "../../helpers/redis.js";
import { SteppingConnection } from "../../helpers/stepping-connection.js";
import { expectConsistent } from "../consistency.js";
import { keysUnder, pagesOf, savers } from "../helpers.js";
import { act, randomOf } from "./actions.js";

/** A thread of so many checkpoints, each of a run of its own, with one pending write each. */
async function longThread(saver: RedisSaver, count: number, run = (n: number) => `r${n}`) {
  for (let n = 0; n < count; n++) {
    const at = await put(saver, "t", {
      id: id(n),
      ...(n > 0 ? { parent: id(n - 1) } : {}),
      values: { text: `${n} `.repeat(100) },
      versions: { text: n },
      metadata: { run_id: run(n) },
    });
    await saver.putWrites(at, [["text", "x".repeat(300)]], "task");
  }
}

test("prune and deleteForRuns send scripts that remove some dozens of checkpoints each", async () => {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const connection = new SteppingConnection(client);
  const saver = new RedisSaver({ client: connection, keyPrefix });
  await longThread(saver, 300, () => "r");
  await saver.copyThread("t", "copy");
  const removals: Record<string, () => Promise<number>> = {
    prune: () => saver.prune(["t"]),
    deleteForRuns: () => saver.deleteForRuns(["r"]),
  };
  for (const [name, remove] of Object.entries(removals)) {
    connection.reset();
    const before = name === "prune" ? 0 : 256;
    const removed = await remove();
    const scripts = connection.sent.length - before;
    expect([name, removed]).toEqual([name, name === "prune" ? 299 : 301]);
    expect(scripts).toBeGreaterThan(removed / 50);
    expect(scripts).toBeLessThan(removed / 3);
  }
  expect(await keysUnder(client, keyPrefix)).toEqual([]);
});

test("prune frees a list of many tables in portions, and all of it", async () => {
  const { client, key, keyPrefix, saver } = await savers();
  const elements = Array.from({ length: 20_000 }, (_, n) => `element ${n} ${"x".repeat(500)}`);
  await put(saver(), "t", { id: id(1), values: { elements } });
  await put(saver(), "t", { id: id(2), values: { elements: [1] } });
  expect(await client.hLen(key("chunks"))).toBeGreaterThan(1_000);
  expect(await saver().prune(["t"])).toBe(1);
  expect(await client.hLen(key("chunks"))).toBeLessThan(3);
  await expectConsistent(client, keyPrefix);
});

test("put that replaces a checkpoint frees its old list over the puts that follow, and keeps what comes again", async () => {
  const { client, key, keyPrefix, saver } = await savers();
  const elements = Array.from({ length: 20_000 }, (_, n) => `element ${n} ${"x".repeat(500)}`);
  await put(saver(), "t", { id: id(1), values: { elements } });
  await put(saver(), "t", { id: id(1), values: { elements: [1] }, versions: { elements: 2 } });
  await expectConsistent(client, keyPrefix, "replaced");
  // A part of what is being freed comes again.
  await put(saver(), "t", { id: id(2), values: { elements: elements.slice(0, 9_000) } });
  await expectConsistent(client, keyPrefix, "again");
  for (let n = 3; n < 13; n++) await put(saver(), "t", { id: id(n) });
  await expectConsistent(client, keyPrefix, "later");
  expect(await values(saver(), config("t", "", id(2)))).toEqual({ elements: elements.slice(0, 9_000) });
  await saver().prune(["t"]);
  expect(await client.hLen(key("chunks"))).toBe(1);
});

test("prune removes a checkpoint of many pending writes in portions", async () => {
  const { client, keyPrefix, saver } = await savers();
  const a = saver();
  await put(a, "t", { id: id(1) });
  const writes = Array.from({ length: 1_000 }, (_, n) =>
    a.putWrites(config("t", "", id(1)), [["a", n]], `task ${n}`),
  );
  await Promise.all(writes);
  await put(a, "t", { id: id(2), parent: id(1) });
  const connection = new SteppingConnection(client);
  const stepping = new RedisSaver({ client: connection, keyPrefix });
  await stepping.prune(["nobody"]);
  connection.reset();
  // What is read in between is the checkpoint with all of its writes, or none.
  connection.before(2, async () => {
    expect(await listIds(a, config("t"))).toEqual([id(2)]);
    await expectConsistent(client, keyPrefix, "half way");
  });
  expect(await stepping.prune(["t"])).toBe(1);
  expect(connection.sent.length).toBeGreaterThan(3);
  await expectConsistent(client, keyPrefix);
});

test("deleteForRuns of several runs removes a chain whose checkpoints need each other in turns", async () => {
  for (const options of [{}, pagesOf(1)]) {
    const { client, keyPrefix, saver } = await savers();
    for (let n = 0; n < 12; n++) {
      await put(saver(), "t", {
        id: id(n),
        ...(n > 0 ? { parent: id(n - 1) } : {}),
        versions: { log: n },
        metadata: { run_id: `r${n % 3}`, counters_since_delta_snapshot: { log: [1, 1] } },
      });
    }
    expect(await saver(options).deleteForRuns(["r1", "r2"])).toBe(2);
    await expectConsistent(client, keyPrefix);
    expect(await saver(options).deleteForRuns(["r2", "r0", "r1"])).toBe(10);
    expect(await keysUnder(client, keyPrefix)).toEqual([]);
  }
});

test("deleteForRuns of more runs than one script takes removes all of their checkpoints", async () => {
  const { client, keyPrefix, saver } = await savers();
  await longThread(saver(), 120);
  const runs = Array.from({ length: 120 }, (_, n) => `r${n}`);
  expect(await saver().deleteForRuns(runs)).toBe(120);
  expect(await keysUnder(client, keyPrefix)).toEqual([]);
});

test("several clients at once leave what accounts for itself, and nothing in the end", async () => {
  const keyPrefix = freshPrefix();
  const clients = await Promise.all([0, 1, 2, 3].map(() => connect()));
  await Promise.all(
    clients.map(async (client, at) => {
      const random = randomOf(100 + at);
      const options = [{}, pagesOf(1), pagesOf(2), { history: "latest" as const }][at];
      const saver = new RedisSaver({ client, keyPrefix, ...options });
      for (let n = 0; n < 200; n++) await act(saver, random);
    }),
  );
  const [client] = clients as [(typeof clients)[0]];
  await expectConsistent(client, keyPrefix);
  const saver = new RedisSaver({ client, keyPrefix });
  for (const { threadId } of await saver.listThreads()) await saver.prune([threadId]);
  await expectConsistent(client, keyPrefix, "pruned");
  await saver.deleteForRuns(["r1", "r2", "r3"]);
  await expectConsistent(client, keyPrefix, "runs deleted");
  for (const { threadId } of await saver.listThreads()) await saver.deleteThread(threadId);
  expect(await keysUnder(client, keyPrefix)).toEqual([]);
});

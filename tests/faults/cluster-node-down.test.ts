import { RedisSaver } from "langgraph-redis";
import { createClient } from "redis";
import { expect, onTestFinished, test } from "vitest";
import { threadKeys } from "../../src/checkpoint/keys.js";
import { slotOf } from "../../src/redis/slot.js";
import { config, id, listIds, put } from "../conformance/saver/steps.js";
import { freshPrefix } from "../helpers/redis.js";
import { type ClusterNode, startCluster } from "../helpers/servers/index.js";

const SLOTS = 16_384;

/** A cluster of three masters that serves what it has when one of them is down, and a thread on each of them. */
async function threeMasters() {
  const cluster = await startCluster({
    args: ["--cluster-require-full-coverage", "no", "--appendonly", "yes"],
  });
  onTestFinished(() => cluster.stop());
  const keyPrefix = freshPrefix();
  const saver = await RedisSaver.fromCluster(cluster.rootNodes, { keyPrefix, commandTimeout: 2_000 });
  onTestFinished(() => saver.end());
  const nodeOf = (thread: string) =>
    Math.floor((slotOf(threadKeys(keyPrefix, thread).checkpoints) * 3) / SLOTS);
  const threads = [0, 1, 2].map((node) => {
    for (let n = 0; ; n++) if (nodeOf(`t${n}`) === node) return `t${n}`;
  });
  return { cluster, keyPrefix, saver, threads };
}

test("put, putWrites, getTuple, list and deleteThread of a thread work while any other node is down", async () => {
  const { cluster, saver, threads } = await threeMasters();
  for (const thread of threads) await put(saver, thread, { id: id(1), values: { a: 1 } });
  for (const [down, node] of cluster.nodes.entries()) {
    await (node as ClusterNode).kill();
    for (const [at, thread] of threads.entries()) {
      if (at === down) continue;
      const n = 10 * (down + 1);
      await put(saver, thread, { id: id(n), values: { a: n }, metadata: { run_id: "r" } });
      await saver.putWrites(config(thread, "", id(n)), [["a", n]], "task");
      expect((await saver.getTuple(config(thread)))?.pendingWrites).toEqual([["task", "a", n]]);
      expect((await listIds(saver, config(thread)))[0]).toBe(id(n));
      await saver.deleteThread(thread);
      await put(saver, thread, { id: id(n), values: { a: n }, metadata: { run_id: "r" } });
    }
    await (node as ClusterNode).restart();
    await expect
      .poll(async () => (await saver.listThreads()).map(({ threadId }) => threadId).sort(), {
        timeout: 20_000,
      })
      .toEqual([...threads].sort());
  }
  expect(await saver.deleteForRuns(["r"])).toBe(3);
});

test("on a cluster nothing is left when all threads are deleted, and threads copied between nodes are listed", async () => {
  const { cluster, keyPrefix, saver, threads } = await threeMasters();
  for (const thread of threads) {
    await put(saver, thread, {
      id: id(1),
      values: { a: "x".repeat(500) },
      metadata: { run_id: `of ${thread}` },
    });
    for (const other of threads) await saver.copyThread(thread, `${other} copied from ${thread}`);
  }
  const listed = await saver.listThreads();
  expect(listed).toHaveLength(12);
  expect(await saver.deleteForRuns([`of ${threads[0]}`])).toBe(4);
  for (const { threadId } of listed) await saver.deleteThread(threadId);
  for (const { url } of cluster.nodes) {
    const client = createClient({ url });
    await client.connect();
    onTestFinished(() => client.destroy());
    expect((await client.keys("*")).filter((key) => key.startsWith(keyPrefix))).toEqual([]);
  }
});

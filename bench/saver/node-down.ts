import type { RunnableConfig } from "@langchain/core/runnables";
import { RedisSaver } from "langgraph-redis";
import { type ClusterNode, startCluster } from "../../tests/helpers/servers/index.js";
import { percentile, ratio } from "../measure.js";
import type { Part, PartResult } from "../part.js";
import { milliseconds, table, times } from "../report.js";
import { connect } from "../server.js";
import { checkpointOf, configOf, metadataOf } from "./data.js";

const THREADS = 60;

/** Puts to threads on the other nodes of a cluster while one node is down, each node in its turn. */
export const nodeDown: Part = {
  name: "cluster",
  async measure() {
    const cluster = await startCluster({
      args: ["--cluster-require-full-coverage", "no", "--appendonly", "yes", "--appendfsync", "always"],
    });
    const saver = await RedisSaver.fromCluster(
      cluster.rootNodes.map(({ url }) => url),
      { keyPrefix: "bench", commandTimeout: 2_000 },
    );
    try {
      return await measureNodes(saver, cluster.nodes);
    } finally {
      await saver.end();
      await cluster.stop();
    }
  },
};

async function measureNodes(saver: RedisSaver, nodes: readonly ClusterNode[]): Promise<PartResult> {
  const threads = new Map<string, RunnableConfig>();
  let version = 0;
  /** @returns the time that it took, or undefined when it failed. */
  const put = async (threadId: string): Promise<number | undefined> => {
    const start = performance.now();
    const values = { n: ++version };
    const before = threads.get(threadId) ?? configOf(threadId);
    try {
      threads.set(
        threadId,
        await saver.put(before, checkpointOf(values, version), metadataOf(), { n: version }),
      );
      return performance.now() - start;
    } catch {
      return undefined;
    }
  };
  for (let round = 0; round < 5; round++) {
    for (let thread = 0; thread < THREADS; thread++) await put(`user-${thread}`);
  }
  const homes = await Promise.all(nodes.map(threadsOn));
  const usual: number[] = [];
  const meanwhile: number[] = [];
  let [failed, unlisted] = [0, 0];
  for (const [at, node] of nodes.entries()) {
    const elsewhere = homes.filter((_, home) => home !== at).flat();
    for (const threadId of elsewhere) usual.push((await put(threadId)) ?? 0);
    await node.kill();
    // All at once, as they are independent: should all fail, it takes one time-out and not one for each.
    await Promise.all(elsewhere.map(async (threadId) => (await put(threadId)) ?? failed++));
    if (failed === 0) for (const threadId of elsewhere) meanwhile.push((await put(threadId)) ?? 0);
    await node.restart();
    unlisted += await unlistedOf(saver, elsewhere);
  }
  for (const each of [usual, meanwhile]) each.sort((a, b) => a - b);
  return {
    goals: [
      {
        what: "puts on other nodes that fail while a cluster’s node is down",
        measured: failed,
        bound: { atMost: 0 },
        show: String,
      },
      ...(failed === 0
        ? [
            {
              what: "time of such a put ÷ its usual time",
              measured: ratio(meanwhile, usual),
              bound: { atMost: 1.5 },
              show: times,
            },
          ]
        : []),
      {
        what: "threads that are not listed when the node is back",
        measured: unlisted,
        bound: { atMost: 0 },
        show: String,
      },
    ],
    section: [
      "## A node of a cluster that is down",
      `A cluster of three masters and ${THREADS} threads. Each node in its turn is killed; meanwhile there is a put on each ` +
        "thread that is on another node, and when the node is back the threads are listed.",
      table([
        ["", "p50 ms", "failed"],
        ["all nodes up", milliseconds(percentile(usual, 50)), ""],
        ["one node down", failed === 0 ? milliseconds(percentile(meanwhile, 50)) : "", String(failed)],
      ]),
    ].join("\n\n"),
  };
}

/** The threads that have keys on a node. */
async function threadsOn({ url }: ClusterNode): Promise<string[]> {
  const client = await connect(url);
  const found = new Set<string>();
  for await (const keys of client.scanIterator({ COUNT: 1_000 })) {
    for (const key of keys) {
      const name = /user-\d+/.exec(key)?.[0];
      if (name) found.add(name);
    }
  }
  client.destroy();
  return [...found];
}

/** How many of the threads are missing in the list of all, as soon as that can be read again. */
async function unlistedOf(saver: RedisSaver, threadIds: readonly string[]): Promise<number> {
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      const listed = new Set(
        (await saver.listThreads({ limit: 10 * THREADS })).map(({ threadId }) => threadId),
      );
      return threadIds.filter((threadId) => !listed.has(threadId)).length;
    } catch {} // the cluster is not whole yet
  }
  return threadIds.length;
}

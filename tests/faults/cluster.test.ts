import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "ioredis";
import { RedisSaver } from "langgraph-redis";
import { fromIoredis } from "langgraph-redis/ioredis";
import { createClient, createCluster } from "redis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { threadKeys } from "../../src/checkpoint/keys.js";
import { freshPrefix } from "../helpers/redis.js";
import { type ClusterNode, startCluster, type TestCluster } from "../helpers/servers/index.js";
import { Resharding } from "./cluster-moves.js";
import { runGraphs } from "./graph.js";
import { Ledger } from "./ledger.js";

describe("while slots move", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster?.stop());

  const savers: Record<string, (keyPrefix: string) => Promise<RedisSaver>> = {
    fromCluster: async (keyPrefix) => {
      const saver = await RedisSaver.fromCluster(cluster.rootNodes, { keyPrefix });
      onTestFinished(() => saver.end());
      return saver;
    },
    "an ioredis cluster": async (keyPrefix) => {
      const redis = new Cluster(cluster.nodes.map(({ host, port }) => ({ host, port })));
      redis.on("error", () => {});
      onTestFinished(() => redis.disconnect());
      return new RedisSaver({ client: fromIoredis(redis), keyPrefix });
    },
  };

  test.each(Object.entries(savers))("graphs run on: %s", async (_, open) => {
    const keyPrefix = freshPrefix();
    const threads = ["a", "b", "c", "d"];
    const running = runGraphs(await open(keyPrefix), threads, 40);
    const finished = running.then(
      () => true,
      () => true,
    );
    const resharding = await Resharding.of(cluster);
    onTestFinished(() => resharding.close());
    let moves = 0;
    for (let round = 0; round < 4; round++) {
      for (const thread of threads) {
        await resharding.move(await resharding.slotOf(threadKeys(keyPrefix, thread).checkpoints), () =>
          sleep(3),
        );
        moves++;
      }
      if (await Promise.race([finished, sleep(0)])) break;
    }
    expect(moves).toBeGreaterThan(3);
    expect(await running).toEqual([]);
    // The graphs did notice.
    const told = await resharding.redirections();
    expect(told).toEqual(expect.arrayContaining(["MOVED", "ASK", "TRYAGAIN"]));
  });
});

test("when a master dies, its replica takes over with all that it had, and graphs run on", async () => {
  const cluster = await startCluster({ replicas: 1 });
  onTestFinished(() => cluster.stop());
  const options = () => ({ keyPrefix: freshPrefix(), commandTimeout: 20_000 });
  const savers = [await openOwn(cluster, options()), await openInjected(cluster, options())];

  const ledgers = savers.map((saver) => new Ledger(saver));
  const threads = ["a", "b", "c", "d", "e"];
  await Promise.all(ledgers.flatMap((ledger) => threads.map((thread) => ledger.writeThread(thread, 3))));
  const master = cluster.nodes[0] as ClusterNode;
  await inStep(master);
  const running = savers.map((saver) => runGraphs(saver, ["f", "g", "h", "i", "j", "k"], 30));
  await sleep(50);
  await master.kill();
  // Clear errors are allowed, and then resuming; lost or mixed steps are not. Both are checked in there.
  for (const error of (await Promise.all(running)).flat()) {
    expect(error.message).toMatch(/failed: (no answer|CLUSTERDOWN)/);
  }
  for (const ledger of ledgers) {
    await ledger.verify();
    await ledger.writeThread("a", 3);
    await ledger.verify();
  }
});

test("what is opened while a master is dead goes on when its replica has taken over", async () => {
  const cluster = await startCluster({ replicas: 1 });
  onTestFinished(() => cluster.stop());
  await (cluster.nodes[0] as ClusterNode).kill();
  const [, ...others] = cluster.rootNodes;
  const saver = await RedisSaver.fromCluster(others, { keyPrefix: freshPrefix(), commandTimeout: 1_500 });
  onTestFinished(() => saver.end());
  const ledger = new Ledger(saver);
  await Promise.all(["a", "b", "c", "d", "e", "f"].map((thread) => ledger.writeThread(thread, 3)));
  await ledger.verify();
  for (const error of ledger.errors) expect(error.message).toMatch(/failed: (no answer|CLUSTERDOWN)/);
});

interface Options {
  keyPrefix: string;
  commandTimeout: number;
}

async function openOwn(cluster: TestCluster, options: Options): Promise<RedisSaver> {
  const saver = await RedisSaver.fromCluster(cluster.rootNodes, options);
  onTestFinished(() => saver.end());
  return saver;
}

async function openInjected(cluster: TestCluster, options: Options): Promise<RedisSaver> {
  const client = createCluster({ rootNodes: cluster.rootNodes });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => client.destroy());
  return new RedisSaver({ client, ...options });
}

/** Waits until the replica of a master has all that it has. */
async function inStep(master: ClusterNode): Promise<void> {
  const client = createClient({ url: master.url });
  client.on("error", () => {});
  await client.connect();
  expect(await client.sendCommand(["WAIT", "1", "10000"])).toBe(1);
  client.destroy();
}

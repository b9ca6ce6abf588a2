import { Cluster, Redis } from "ioredis";
import { type RedisClient, RedisSaver } from "langgraph-redis";
import { fromIoredis } from "langgraph-redis/ioredis";
import { createClient, createClientPool, createCluster } from "redis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { config, id, put } from "../conformance/saver/steps.js";
import { freshPrefix } from "../helpers/redis.js";
import {
  type ClusterNode,
  startCluster,
  startServer,
  type TestCluster,
  type TestServer,
} from "../helpers/servers/index.js";
import { quiet } from "./own-clients.js";

/** Far less than so many operations take. */
const commandTimeout = 200;
const OPERATIONS = 2_000;

/** Does something for all threads at once. */
async function forAll(threads: readonly string[], operation: (thread: string) => Promise<unknown>) {
  const settled = await Promise.allSettled(threads.map(operation));
  const reasons = settled.flatMap((each) => (each.status === "rejected" ? [String(each.reason)] : []));
  return {
    failed: threads.filter((_, at) => settled[at]?.status === "rejected"),
    /** Without the names of operations and threads. */
    errors: [...new Set(reasons.map((reason) => reason.replace(/^.* failed: /, "")))],
  };
}

const putAll = (saver: RedisSaver, threads: readonly string[]) =>
  forAll(threads, (thread) => put(saver, thread, { id: id(1), values: { a: 1 } }));

const getAll = (saver: RedisSaver, threads: readonly string[]) =>
  forAll(threads, (thread) => saver.getTuple(config(thread)));

const threads = Array.from({ length: OPERATIONS }, (_, n) => `thread-${n}`);

/** Stops a server from answering, as when its machine hangs, until the test is over. */
function pause({ pid }: { pid: number | undefined }): () => void {
  process.kill(pid as number, "SIGSTOP");
  const resume = () => void process.kill(pid as number, "SIGCONT");
  onTestFinished(resume);
  return resume;
}

describe("one server", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server?.stop());

  const clients: Record<string, () => Promise<RedisClient>> = {
    createClient: async () => {
      const client = quiet(createClient({ url: server.url }));
      onTestFinished(() => client.destroy());
      return client.connect();
    },
    createClientPool: async () => {
      const pool = quiet(createClientPool({ url: server.url }, { minimum: 2, maximum: 4 }));
      onTestFinished(() => void pool.close().catch(() => {}));
      await pool.connect();
      return pool;
    },
    "ioredis Redis": async () => {
      const redis = quiet(new Redis(server.url));
      onTestFinished(() => redis.disconnect());
      return fromIoredis(redis);
    },
  };

  test.each(Object.entries(clients))("that is healthy does all of many puts at once: %s", async (_, open) => {
    const saver = new RedisSaver({ client: await open(), keyPrefix: freshPrefix(), commandTimeout });
    expect((await putAll(saver, threads)).errors).toEqual([]);
  });

  test("does those of a saver that waits behind the puts of another on the same client", async () => {
    const client = await (clients.createClient as () => Promise<RedisClient>)();
    const [busy, other] = [1, 2].map(
      () => new RedisSaver({ client, keyPrefix: freshPrefix(), commandTimeout }),
    ) as [RedisSaver, RedisSaver];
    const puts = putAll(busy, threads);
    expect((await putAll(other, ["a"])).errors).toEqual([]);
    expect((await puts).errors).toEqual([]);
  });

  test.each(Object.entries(clients))("that stops answering fails what waits for it: %s", async (_, open) => {
    const saver = new RedisSaver({ client: await open(), keyPrefix: freshPrefix(), commandTimeout });
    await put(saver, "before", { id: id(1), values: { a: 1 } });
    const resume = pause(server);
    const { failed, errors } = await putAll(saver, threads.slice(0, 50));
    expect(failed).toHaveLength(50);
    expect(errors).toEqual(["no answer within 200 ms"]);
    resume();
  });
});

describe("a cluster of which one node stops answering", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({
      args: ["--cluster-node-timeout", "60000", "--cluster-require-full-coverage", "no"],
    });
  });
  afterAll(() => cluster?.stop());

  const savers: Record<string, () => Promise<RedisSaver>> = {
    fromCluster: async () => {
      const saver = await RedisSaver.fromCluster(cluster.rootNodes, {
        keyPrefix: freshPrefix(),
        commandTimeout,
      });
      onTestFinished(() => saver.end());
      return saver;
    },
    createCluster: async () => {
      const client = quiet(createCluster({ rootNodes: cluster.rootNodes }));
      await client.connect();
      onTestFinished(() => client.destroy());
      return new RedisSaver({ client, keyPrefix: freshPrefix(), commandTimeout });
    },
    "ioredis Cluster": async () => {
      const redis = quiet(new Cluster(cluster.nodes.map(({ host, port }) => ({ host, port }))));
      onTestFinished(() => redis.disconnect());
      return new RedisSaver({ client: fromIoredis(redis), keyPrefix: freshPrefix(), commandTimeout });
    },
  };

  test.each(Object.entries(savers))(
    "fails what waits for that node, and nothing else: %s",
    async (_, open) => {
      const saver = await open();
      const names = threads.slice(0, OPERATIONS / 2);
      expect((await getAll(saver, names)).errors).toEqual([]);

      const resume = pause(cluster.nodes[2] as ClusterNode);
      // Which threads are on that node is seen by asking for each.
      const few = names.slice(0, 60);
      const { failed } = await getAll(saver, few);
      expect(failed.length).toBeGreaterThan(5);
      expect(failed.length).toBeLessThan(40);

      const elsewhere = few.filter((name) => !failed.includes(name));
      const many = Array.from({ length: 50 }, () => elsewhere).flat();
      const [again, others] = await Promise.all([getAll(saver, failed), getAll(saver, many)]);
      expect(again.failed).toEqual(failed);
      expect(others.errors).toEqual([]);
      resume();
    },
  );
});

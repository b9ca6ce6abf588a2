import { setTimeout as sleep } from "node:timers/promises";
import { RedisSaver } from "langgraph-redis";
import { createSentinel } from "redis";
import { expect, onTestFinished, test } from "vitest";
import { connect, freshPrefix } from "../helpers/redis.js";
import { startSentinel, type TestSentinel } from "../helpers/servers/index.js";
import { runGraphs } from "./graph.js";
import { Ledger } from "./ledger.js";

test("when the master dies, graphs run on with its successor", async () => {
  const group = await startSentinel({ replicas: 2 });
  onTestFinished(() => group.stop());
  const options = () => ({ keyPrefix: freshPrefix(), commandTimeout: 25_000 });
  const savers = [await openOwn(group, options()), await openInjected(group, options())];

  const ledgers = savers.map((saver) => new Ledger(saver));
  for (const ledger of ledgers) await ledger.writeThread("a", 5);
  const before = await group.masterUrl();
  const master = await connect(before);
  expect(await master.sendCommand(["WAIT", "2", "10000"])).toBe(2);
  const running = savers.map((saver) => runGraphs(saver, ["c", "d", "e"], 40));
  await sleep(50);
  await group.nodes.find(({ url }) => url === before)?.kill();
  // Clear errors are allowed, and then resuming; lost or mixed steps are not. Both are checked in there.
  for (const error of (await Promise.all(running)).flat()) expect(error.message).toMatch(/failed: /);
  expect(await group.masterUrl()).not.toBe(before);
  for (const ledger of ledgers) {
    await ledger.verify();
    await ledger.writeThread("a", 5);
    await ledger.verify();
  }
});

interface Options {
  keyPrefix: string;
  commandTimeout: number;
}

async function openOwn(group: TestSentinel, options: Options): Promise<RedisSaver> {
  const saver = await RedisSaver.fromSentinel(
    { name: group.name, sentinelRootNodes: group.sentinelRootNodes },
    options,
  );
  onTestFinished(() => saver.end());
  return saver;
}

async function openInjected(
  { name, sentinelRootNodes }: TestSentinel,
  options: Options,
): Promise<RedisSaver> {
  const client = createSentinel({ name, sentinelRootNodes });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => void client.destroy().catch(() => {}));
  return new RedisSaver({ client, ...options });
}

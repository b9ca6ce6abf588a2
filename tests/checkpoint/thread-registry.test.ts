import { RedisSaver } from "langgraph-redis";
import { expect, test } from "vitest";
import type { Command, Connection, Reply } from "../../src/redis/command.js";
import { asClient, createConnection } from "../../src/redis/connection.js";
import { config, id, put } from "../conformance/saver/steps.js";
import { savers } from "./helpers.js";

/**
 * A connection as to a cluster: what one pipeline sends to several nodes runs in any order, here the last command first.
 * Something else may happen before each command.
 */
async function cluster() {
  const { client, keyPrefix, saver } = await savers();
  const inner = createConnection(client);
  const between: (() => Promise<unknown>)[] = [];
  const connection: Connection = {
    isCluster: true,
    async pipeline(commands: readonly Command[]) {
      const replies: (Reply | Error)[] = [];
      for (const command of [...commands].reverse()) {
        await between.shift()?.();
        replies.unshift(...(await inner.pipeline([command])));
      }
      return replies;
    },
  };
  const far = new RedisSaver({ client: asClient(connection), keyPrefix });
  // The scripts are known afterwards, so that each is one command.
  await put(far, "warm", { id: id(1) });
  await far.deleteThread("warm");
  /** Does something else before the nth command from now on. */
  const before = (n: number, work: () => Promise<unknown>) => {
    between.splice(0, between.length, ...Array.from({ length: n }, () => async () => {}), work);
  };
  const listed = async () => (await saver().listThreads()).map(({ threadId }) => threadId);
  return { far, saver, before, between, listed };
}

test.each([0, 1, 2, 3, 4])(
  "on a cluster, a thread that is deleted before command %i of a put that begins it anew is listed while it is there",
  async (gap) => {
    const { far, saver, before, listed } = await cluster();
    await put(saver(), "t", { id: id(1) });
    before(gap, () => saver().deleteThread("t"));
    await put(far, "t", { id: id(2), parent: id(1) });
    const there = (await saver().getTuple(config("t"))) !== undefined;
    expect(there || gap > 1).toBe(true);
    expect(await listed()).toEqual(there ? ["t"] : []);
  },
);

test.each([0, 1, 2])(
  "on a cluster, a thread that is put before command %i of its deletion is listed while it is there",
  async (gap) => {
    const { far, saver, before, listed } = await cluster();
    await put(saver(), "t", { id: id(1) });
    before(gap, () => put(saver(), "t", { id: id(2) }));
    await far.deleteThread("t");
    const there = (await saver().getTuple(config("t"))) !== undefined;
    expect(await listed()).toEqual(there ? ["t"] : []);
  },
);

test.each([0, 1, 2, 3])(
  "on a cluster, a thread that is put before command %i of a list that finds it gone is listed afterwards",
  async (gap) => {
    const { far, saver, before, listed } = await cluster();
    await put(far, "t", { id: id(1) });
    // It expires: its entry stays.
    await saver().expire("t", 1 / 60_000);
    await expect.poll(() => saver().getTuple(config("t"))).toBeUndefined();
    before(gap, () => put(far, "t", { id: id(2) }));
    await far.listThreads();
    const there = (await saver().getTuple(config("t"))) !== undefined;
    expect(await listed()).toEqual(there ? ["t"] : []);
  },
);

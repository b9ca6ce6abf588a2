import { OperationError } from "langgraph-redis";
import { expect, test, vi } from "vitest";
import type { Command } from "../../src/redis/command.js";
import { Lane } from "../../src/redis/lane.js";
import { type ManagedClient, ReconnectingAdapter } from "../../src/redis/reconnecting-adapter.js";
import { FakeTransmission } from "./transmission.js";

const commands: Command[] = [{ key: "k", args: ["PING"] }];
const transmission = new FakeTransmission();

/** Clients that answer with their number, and how they fared. */
function clients(options: { connect?: (n: number) => Promise<void>; mayBeDead?: boolean } = {}) {
  const destroyed: number[] = [];
  const lane = new Lane();
  let count = 0;
  let report: (lastError: Error | undefined) => void = () => {};
  let failure: Error | undefined;
  const send = async (n: number) => {
    if (failure) throw failure;
    return [n];
  };
  const create = async (reporting: typeof report): Promise<ManagedClient> => {
    const n = ++count;
    report = reporting;
    return {
      adapter: { unusable: undefined, laneOf: () => lane, send: () => send(n) },
      connect: () => options.connect?.(n) ?? Promise.resolve(),
      mayBeDead: () => options.mayBeDead ?? true,
      destroy: () => void destroyed.push(n),
    };
  };
  const factory = { where: "nowhere", secrets: ["s3cret"], timeout: 1_000, create };
  return {
    factory,
    destroyed,
    report: (lastError: Error | undefined) => report(lastError),
    fail: (error: Error) => {
      failure = error;
    },
  };
}

test("a dead client is replaced by a fresh one", async () => {
  const { factory, destroyed } = clients();
  const adapter = await ReconnectingAdapter.open(factory);
  expect(await adapter.send(commands, transmission)).toEqual([1]);
  adapter.reconnect();
  await vi.waitFor(() => expect(destroyed).toEqual([1]));
  expect(await adapter.send(commands, transmission)).toEqual([2]);
});

test("not more often than commands time out", async () => {
  const { factory, destroyed } = clients();
  const adapter = await ReconnectingAdapter.open(factory);
  for (let n = 0; n < 5; n++) adapter.reconnect();
  await vi.waitFor(() => expect(destroyed).toEqual([1]));
  for (let n = 0; n < 5; n++) adapter.reconnect();
  await Promise.resolve();
  expect(await adapter.send(commands, transmission)).toEqual([2]);
});

test("one that is being connected again already is left alone", async () => {
  const { factory, destroyed } = clients({ mayBeDead: false });
  const adapter = await ReconnectingAdapter.open(factory);
  adapter.reconnect();
  await Promise.resolve();
  expect(destroyed).toEqual([]);
});

test("the old one stays when there is no fresh one", async () => {
  const connect = async (n: number) => {
    if (n > 1) throw new Error("connect ECONNREFUSED");
  };
  const { factory, destroyed } = clients({ connect });
  const adapter = await ReconnectingAdapter.open(factory);
  adapter.reconnect();
  await vi.waitFor(() => expect(destroyed).toEqual([2]));
  expect(await adapter.send(commands, transmission)).toEqual([1]);
});

test("after an attempt that failed another one is made, once commands time out again", async () => {
  const connect = async (n: number) => {
    if (n === 2) throw new Error("connect ECONNREFUSED");
  };
  const { factory, destroyed } = clients({ connect });
  const adapter = await ReconnectingAdapter.open({ ...factory, timeout: 20 });
  adapter.reconnect();
  await vi.waitFor(() => expect(destroyed).toEqual([2]));
  await new Promise((resolve) => setTimeout(resolve, 30));
  adapter.reconnect();
  await vi.waitFor(() => expect(destroyed).toEqual([2, 1]));
  expect(await adapter.send(commands, transmission)).toEqual([3]);
});

test("nothing is left open when it is closed meanwhile", async () => {
  let connect: () => void = () => {};
  const pending = (n: number) =>
    n === 1 ? Promise.resolve() : new Promise<void>((resolve) => (connect = resolve));
  const { factory, destroyed } = clients({ connect: pending });
  const adapter = await ReconnectingAdapter.open(factory);
  adapter.reconnect();
  await Promise.resolve();
  adapter.destroy();
  adapter.destroy();
  connect();
  await vi.waitFor(() => expect(destroyed).toEqual([1, 2]));
});

test("every occurrence of every password is hidden, also where one begins with another", async () => {
  const secrets = ["s3cret", "s3cret-of-sentinels", "a+b"];
  const text = "AUTH s3cret-of-sentinels s3cret, AUTH a+b s3cret: s3cret-of-sentinels (s3crets3cret)";
  const hidden = "AUTH *** ***, AUTH *** ***: *** (******)";
  const { factory } = clients({ connect: () => Promise.reject(new Error(text)) });
  await expect(ReconnectingAdapter.open({ ...factory, secrets })).rejects.toThrow(hidden);

  const later = clients();
  const adapter = await ReconnectingAdapter.open({ ...later.factory, secrets });
  later.report(new Error(text));
  expect(adapter.lastError?.message).toBe(hidden);
  later.fail(new Error(text));
  await expect(adapter.send(commands, transmission)).rejects.toThrow(hidden);
});

test("passwords that a server repeats are not passed on", async () => {
  const refused = new Error(
    "ERR unknown command `HELLO`, with args beginning with: `3` `AUTH` `me` `s3cret`",
  );
  const { factory } = clients({ connect: () => Promise.reject(refused) });
  const error = await ReconnectingAdapter.open(factory).catch((caught: unknown) => caught as OperationError);
  expect(error).toBeInstanceOf(OperationError);
  expect((error as OperationError).message).toContain("ERR unknown command `HELLO`");
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    expect(`${at.message}${at.stack}`).not.toContain("s3cret");

  const later = clients();
  const adapter = await ReconnectingAdapter.open(later.factory);
  later.report(refused);
  expect(adapter.lastError?.message).toContain("***");
  later.report(undefined);
  expect(adapter.lastError).toBeUndefined();
});

import { OperationError } from "langgraph-redis";
import { expect, test, vi } from "vitest";
import type { Command } from "../../src/redis/connection.js";
import { type Opened, OwnedTransport } from "../../src/redis/owned-transport.js";

const commands: Command[] = [{ key: "k", args: ["PING"] }];
const { signal } = new AbortController();

/** Clients that answer with their number, and how they fared. */
function clients(options: { connect?: (n: number) => Promise<void>; mayBeDead?: boolean } = {}) {
  const destroyed: number[] = [];
  let count = 0;
  let report: (trouble: Error | undefined) => void = () => {};
  const create = async (reporting: typeof report): Promise<Opened> => {
    const n = ++count;
    report = reporting;
    return {
      transport: { unusable: undefined, send: async () => [n] },
      connect: () => options.connect?.(n) ?? Promise.resolve(),
      mayBeDead: () => options.mayBeDead ?? true,
      destroy: () => void destroyed.push(n),
    };
  };
  const opening = { where: "nowhere", secrets: ["s3cret"], timeout: 1_000, create };
  return { opening, destroyed, report: (trouble: Error | undefined) => report(trouble) };
}

test("a dead client is replaced by a fresh one", async () => {
  const { opening, destroyed } = clients();
  const transport = await OwnedTransport.open(opening);
  expect(await transport.send(commands, signal)).toEqual([1]);
  transport.revive();
  await vi.waitFor(() => expect(destroyed).toEqual([1]));
  expect(await transport.send(commands, signal)).toEqual([2]);
});

test("not more often than commands time out", async () => {
  const { opening, destroyed } = clients();
  const transport = await OwnedTransport.open(opening);
  for (let n = 0; n < 5; n++) transport.revive();
  await vi.waitFor(() => expect(destroyed).toEqual([1]));
  for (let n = 0; n < 5; n++) transport.revive();
  await Promise.resolve();
  expect(await transport.send(commands, signal)).toEqual([2]);
});

test("one that is being connected again already is left alone", async () => {
  const { opening, destroyed } = clients({ mayBeDead: false });
  const transport = await OwnedTransport.open(opening);
  transport.revive();
  await Promise.resolve();
  expect(destroyed).toEqual([]);
});

test("the old one stays when there is no fresh one", async () => {
  const connect = async (n: number) => {
    if (n > 1) throw new Error("connect ECONNREFUSED");
  };
  const { opening, destroyed } = clients({ connect });
  const transport = await OwnedTransport.open(opening);
  transport.revive();
  await vi.waitFor(() => expect(destroyed).toEqual([2]));
  expect(await transport.send(commands, signal)).toEqual([1]);
});

test("nothing is left open when it is closed meanwhile", async () => {
  let connect: () => void = () => {};
  const pending = (n: number) =>
    n === 1 ? Promise.resolve() : new Promise<void>((resolve) => (connect = resolve));
  const { opening, destroyed } = clients({ connect: pending });
  const transport = await OwnedTransport.open(opening);
  transport.revive();
  await Promise.resolve();
  transport.destroy();
  transport.destroy();
  connect();
  await vi.waitFor(() => expect(destroyed).toEqual([1, 2]));
});

test("passwords that a server repeats are not passed on", async () => {
  const refused = new Error(
    "ERR unknown command `HELLO`, with args beginning with: `3` `AUTH` `me` `s3cret`",
  );
  const { opening } = clients({ connect: () => Promise.reject(refused) });
  const error = await OwnedTransport.open(opening).catch((caught: unknown) => caught as OperationError);
  expect(error).toBeInstanceOf(OperationError);
  expect((error as OperationError).message).toContain("`AUTH` `me` `***`");
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    expect(`${at.message}${at.stack}`).not.toContain("s3cret");

  const later = clients();
  const transport = await OwnedTransport.open(later.opening);
  later.report(refused);
  expect(transport.trouble?.message).toContain("***");
  later.report(undefined);
  expect(transport.trouble).toBeUndefined();
});

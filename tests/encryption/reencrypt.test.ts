import {
  EncryptionError,
  InvalidInputError,
  type RedisSaver,
  type ReencryptThreadReport,
} from "langgraph-redis";
import { expect, test } from "vitest";
import { LIMITS } from "../../src/checkpoint/limits.js";
import { createConnection } from "../../src/redis/connection.js";
import { expectConsistent } from "../checkpoint/consistency.js";
import { rawHash, savers } from "../checkpoint/helpers.js";
import { act, randomOf } from "../checkpoint/removal/actions.js";
import { rawThread, readThread } from "../checkpoint/rewrite/helpers.js";
import { config, id, put } from "../conformance/saver/steps.js";
import { crossSlotConnection } from "../helpers/cross-slot-connection.js";
import { KEYS } from "../helpers/encryption.js";

const OLD = { encryption: { keys: { old: KEYS.old }, current: "old" } };
const OLD_AND_PLAIN = { encryption: { ...OLD.encryption, allowPlaintext: true } };
const BOTH = { encryption: { keys: { old: KEYS.old, new: KEYS.new }, current: "new" } };
const ALL = { encryption: { ...BOTH.encryption, allowPlaintext: true } };
const NEW = { encryption: { keys: { new: KEYS.new }, current: "new" } };

const SEEDS = Number(process.env.REENCRYPT_SEEDS ?? 3);
const SMALL = { [LIMITS]: { pageBytes: 5_000, scriptBatch: 20 } };

/** Threads that began without encryption, went on with one key, and then with another one. */
async function grownThreads(seed: number) {
  const { client, keyPrefix, saver } = await savers({ history: seed % 4 === 3 ? "latest" : "all" });
  const random = randomOf(seed);
  const go = async (clients: RedisSaver[], steps: number) => {
    for (let n = 0; n < steps; n++) await act(clients[random(clients.length)] as RedisSaver, random);
  };
  await go([saver(), saver({ compression: false })], 40);
  await go([saver(OLD_AND_PLAIN), saver(OLD_AND_PLAIN)], 40);
  const current = [saver(ALL), saver({ ...ALL, ttl: { defaultTTL: 60 } })];
  await go(current, 25);
  return { client, keyPrefix, saver, goOn: () => go(current, 30) };
}

const seeds = Array.from({ length: SEEDS }, (_, n) => Number(process.env.REENCRYPT_SEED ?? 0) + n);

test.each(seeds)(
  "reencrypt leaves nothing that needs an old key, or that is not encrypted (seed %i)",
  async (seed) => {
    const { client, keyPrefix, saver, goOn } = await grownThreads(seed);
    const threads = (await saver().listThreads()).map(({ threadId }) => threadId);
    expect(threads.length).toBeGreaterThan(0);
    let rewritten = 0;
    for (const thread of threads) {
      const before = await readThread(saver(ALL), thread);
      const { expires, partition } = await rawThread(client, keyPrefix, thread);
      const report = await saver({ ...ALL, ...(seed % 2 ? SMALL : {}) }).reencrypt(thread);
      expect(report).toMatchObject({ checkpoints: before.stats?.[0] });
      rewritten += report?.rewritten ?? 0;
      expect(await readThread(saver(NEW), thread)).toEqual(before);
      expect(await rawThread(client, keyPrefix, thread)).toMatchObject({ expires, partition });
      await expectConsistent(client, keyPrefix, thread);
      const after = await rawThread(client, keyPrefix, thread);
      // Chunks of one content under several keys have become one.
      const { checkpoints, writes } = report as ReencryptThreadReport;
      expect(await saver(NEW).reencrypt(thread)).toMatchObject({ checkpoints, writes, rewritten: 0 });
      expect(await rawThread(client, keyPrefix, thread)).toEqual(after);
    }
    expect(rewritten).toBeGreaterThan(0);
    // Clients that knew the threads as they were.
    await goOn();
    await expectConsistent(client, keyPrefix);
    for (const { threadId } of await saver().listThreads()) await readThread(saver(NEW), threadId);
  },
);

test.each(["one slot", "two slots"])(
  "copyThread of an encrypted thread encrypts it for the copy, in %s",
  async (slots) => {
    const { client, keyPrefix, saver } = await grownThreads(7);
    const connection = createConnection(client);
    const copier = saver(
      slots === "one slot" ? ALL : ({ ...ALL, client: crossSlotConnection(connection) } as object),
    );
    const [thread] = (await saver().listThreads()).map(({ threadId }) => threadId) as [string];
    const { tuples, stats } = await readThread(saver(ALL), thread);
    const before = await rawThread(client, keyPrefix, thread);
    await copier.copyThread(thread, "the copy");
    expect(await rawThread(client, keyPrefix, thread)).toEqual(before);
    const copy = await readThread(saver(NEW), "the copy");
    const contents = (each: typeof tuples) =>
      each.map(({ checkpoint, metadata, pendingWrites }) => [checkpoint, metadata, pendingWrites]);
    expect([contents(copy.tuples), copy.stats]).toEqual([contents(tuples), stats]);
    await expectConsistent(client, keyPrefix);
    await expect(copier.copyThread(thread, "the copy")).rejects.toThrow('thread "the copy" exists already');
    await expect(copier.copyThread("nobody", "x")).rejects.toThrow('there is no thread "nobody"');
  },
);

test("copies of an encrypted thread have no chunk in common with it, although their contents are the same", async () => {
  const { client, saver, key } = await savers(NEW);
  const values = {
    l: Array.from({ length: 60 }, (_, n) => `element ${n} `.repeat(50)),
    text: "x".repeat(500),
  };
  await put(saver(), "t", { id: id(1), values });
  await saver().copyThread("t", "copy");
  const [names = [], others = []] = await Promise.all(
    ["t", "copy"].map(async (thread) => [...(await rawHash(client, key("chunks", thread))).keys()]),
  );
  expect(names.length).toBeGreaterThan(3);
  expect(names.filter((name) => others.includes(name))).toEqual(["!"]);
});

test("a saver without keys refuses to copy an encrypted thread, and one without encryption to encrypt it", async () => {
  const { client, saver } = await savers();
  await put(saver(NEW), "t", { id: id(1), values: { a: 1 } });
  for (const copier of [
    saver(),
    saver({ client: crossSlotConnection(createConnection(client)) } as object),
  ]) {
    const refused = copier.copyThread("t", "copy");
    await expect(refused).rejects.toThrow(EncryptionError);
    await expect(refused).rejects.toThrow("cannot copy the thread: its checkpoints are encrypted");
    expect(await copier.threadStats("copy")).toBeUndefined();
  }
  await expect(saver().reencrypt("t")).rejects.toThrow(InvalidInputError);
});

test("reencrypt without the key that a part needs leaves the thread as it was, and names the key", async () => {
  const { client, keyPrefix, saver } = await savers();
  await put(saver(OLD), "t", { id: id(1), values: { a: "x".repeat(3_000) } });
  const before = await rawThread(client, keyPrefix, "t");
  const refused = saver(NEW).reencrypt("t");
  await expect(refused).rejects.toMatchObject({
    code: "ENCRYPTION",
    keyId: "old",
    location: { threadId: "t" },
  });
  await put(saver(), "plain", { id: id(1), values: { a: 1 } });
  await expect(saver(NEW).reencrypt("plain")).rejects.toMatchObject({ code: "ENCRYPTION" });
  expect(await rawThread(client, keyPrefix, "t")).toEqual(before);
  expect(await saver(NEW).reencrypt("nobody")).toBeUndefined();
});

test("reencrypt tells how far it has come, and ends when the callback throws", async () => {
  const { saver } = await savers(OLD);
  const writes = Array.from({ length: 1_200 }, (_, n): [string, unknown] => [`c${n}`, n]);
  const at = await put(saver(), "t", { id: id(1), values: { a: 1 } });
  for (let n = 0; n < 600; n++) await saver().putWrites(at, writes.slice(2 * n, 2 * n + 2), `task ${n}`);
  const told: number[] = [];
  const report = await saver(BOTH).reencrypt("t", { onProgress: ({ rewritten }) => told.push(rewritten) });
  expect(report).toEqual({ checkpoints: 1, writes: 1_200, chunks: 0, rewritten: 1_201 });
  expect(told.length).toBeGreaterThan(0);
  const failing = saver(OLD_AND_BOTH).reencrypt("t", {
    onProgress: () => {
      throw new Error("enough");
    },
  });
  await expect(failing).rejects.toThrow("onProgress failed: Error");
  const rejecting = saver(OLD_AND_BOTH).reencrypt("t", {
    onProgress: () => Promise.reject(new Error("enough")),
  });
  await expect(rejecting).rejects.toThrow("onProgress failed: Error");
  await expect(saver(BOTH).reencrypt("t", { onProgres: () => {} } as object)).rejects.toThrow(
    'Did you mean "onProgress"?',
  );
  expect(await saver(NEW).getTuple(config("t"))).toBeDefined();
});

const OLD_AND_BOTH = { encryption: { ...BOTH.encryption, current: "old" } };

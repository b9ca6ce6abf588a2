import { CorruptRecordError, EncryptionError, RedisSaver } from "langgraph-redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { config, id, list, put, values } from "../../conformance/saver/steps.js";
import { KEYS } from "../../helpers/encryption.js";
import { connect, freshPrefix, redisUrl } from "../../helpers/redis.js";
import { rawHash, savers } from "../helpers.js";
import { errorOf, keys, keysAndPlaintext, messages, note, step } from "./helpers.js";

describe("a thread whose key was replaced", () => {
  test("is read with the old key and gone on with under the new one", async () => {
    const { client, saver, key } = await savers();
    const before = saver({ encryption: keys("old") });
    for (let n = 1; n <= 40; n++) await step(before, n);
    const after = saver({ encryption: keys("old", "new") });
    expect(await values(after, config("t"))).toEqual({ messages: messages(40), note: note(40) });
    for (let n = 41; n <= 80; n++) await step(after, n);
    for (const reader of [after, before, saver({ encryption: keys("new", "old") })]) {
      const read = list(reader, config("t"));
      if (reader === before) {
        expect(await errorOf(read)).toMatchObject({ keyId: "new" });
        continue;
      }
      const tuples = await read;
      expect(tuples.map(({ checkpoint }) => checkpoint.channel_values)).toEqual(
        tuples.map((_, at) => ({ messages: messages(80 - at), note: note(80 - at) })),
      );
    }
    // What did not change stays as it is.
    const ids = [...(await rawHash(client, key("chunks"))).values()].map((chunk) =>
      chunk.toString("latin1", 2, 5),
    );
    expect(ids).toContain("old");
    expect(ids).toContain("new");
  });

  test("keeps a tail of the old key, and begins one of the new key beside it", async () => {
    const { client, saver, key } = await savers();
    await step(saver({ encryption: keys("old") }), 1, 3);
    const chunks = await rawHash(client, key("chunks"));
    const after = saver({ encryption: keys("old", "new") });
    await values(after, config("t"));
    await step(after, 2, 4);
    for (const [name, chunk] of chunks)
      if (!name.startsWith("#")) expect((await rawHash(client, key("chunks"))).get(name)).toEqual(chunk);
    const known = (await rawHash(client, key("chunks"))).size;
    await step(after, 3, 5); // which appends to the new one
    const added = (await rawHash(client, key("chunks"))).size - known;
    expect(added).toBe(2); // the note and the pending write
    expect(await values(saver({ encryption: keys("old", "new") }), config("t", "", id(3)))).toMatchObject({
      messages: messages(5),
    });
  });

  test.each(["getTuple", "list", "list with a filter", "getDeltaChannelHistory"])(
    "%s without the old key names it, and the place",
    async (method) => {
      const { saver, key } = await savers();
      await step(saver({ encryption: keys("old") }), 1);
      await step(saver({ encryption: keys("old") }), 2);
      const error = await errorOf(READS[method]?.(saver({ encryption: keys("new") })) as Promise<unknown>);
      expect(error).toMatchObject({ code: "ENCRYPTION", keyId: "old" });
      expect(error).not.toBeInstanceOf(CorruptRecordError);
      expect(error.message).toContain('the key "old", which is not in encryption.keys');
      expect(error.location).toMatchObject({ threadId: "t", checkpointNs: "" });
      expect([key("checkpoints"), key("index")]).toContain(error.location?.key);
    },
  );

  test("with another key under the same id is refused", async () => {
    const { saver } = await savers();
    await step(saver({ encryption: keys("old") }), 1);
    const wrong = saver({ encryption: { keys: { old: KEYS.new }, current: "old" } });
    const error = await errorOf(values(wrong, config("t")));
    expect(error.message).toContain('it cannot be decrypted with the key "old"');
    expect(error.keyId).toBe("old");
  });
});

const READS: Record<string, (saver: RedisSaver) => Promise<unknown>> = {
  getTuple: (saver) => saver.getTuple(config("t")),
  list: (saver) => list(saver, config("t")),
  "list with a filter": (saver) => list(saver, config("t"), { filter: { step: 1 } }),
  getDeltaChannelHistory: (saver) =>
    saver.getDeltaChannelHistory({ config: config("t", "", id(2)), channels: ["messages"] }),
};

describe("without the option", () => {
  test.each(Object.keys(READS))("%s of an encrypted thread names the key and the option", async (method) => {
    const { saver } = await savers();
    const writer = saver({ encryption: keys("new") });
    await step(writer, 1);
    await step(writer, 2);
    const error = await errorOf(READS[method]?.(saver()) as Promise<unknown>);
    expect(error.keyId).toBe("new");
    expect(error.message).toContain(
      'it is encrypted with the key "new". Give that key with the option `encryption`',
    );
  });
});

test("with another prefix what was copied there is not read", async () => {
  const { client, saver, keyPrefix } = await savers();
  await step(saver({ encryption: keys("new") }), 1);
  const other = freshPrefix();
  for (const key of await client.keys(`${keyPrefix}:*`))
    await client.copy(key, other + key.slice(keyPrefix.length));
  const error = await errorOf(
    values(new RedisSaver({ client, keyPrefix: other, encryption: keys("new") }), config("t")),
  );
  expect(error.message).toContain("cannot be decrypted");
});

describe("plaintext from before", () => {
  test("is refused in every method that reads", async () => {
    const { saver } = await savers();
    await step(saver(), 1);
    await step(saver(), 2);
    for (const read of Object.values(READS)) {
      const error = await errorOf(read(saver({ encryption: keys("new") })));
      expect(error.keyId).toBeUndefined();
      expect(error.message).toContain("it is not encrypted");
      expect(error.message).toContain("encryption.allowPlaintext");
    }
  });

  test.each([true, false])(
    "is read and gone on with where that is allowed; compression: %s",
    async (compression) => {
      const { client, saver, key } = await savers({ compression });
      const before = saver();
      for (let n = 1; n <= 40; n++) await step(before, n);
      const after = saver({ encryption: keysAndPlaintext("new") });
      for (const n of [1, 20, 40]) {
        expect(await values(after, config("t", "", id(n)))).toEqual({ messages: messages(n), note: note(n) });
      }
      await values(after, config("t"));
      for (let n = 41; n <= 80; n++) await step(after, n);
      const tuples = await list(saver({ encryption: keysAndPlaintext("new") }), config("t"));
      expect(tuples.map(({ checkpoint }) => checkpoint.channel_values)).toEqual(
        tuples.map((_, at) => ({ messages: messages(80 - at), note: note(80 - at) })),
      );
      expect(tuples.every(({ pendingWrites }) => pendingWrites?.length === 2)).toBe(true);
      const records = await rawHash(client, key("checkpoints"));
      const bodyOf = (n: number) =>
        (records.get(`:${id(n)}`) as Buffer).toString("latin1").split("\n").slice(1).join("\n");
      expect(bodyOf(40)[0]).not.toBe("\x02");
      expect(bodyOf(41)[0]).toBe("\x02");
    },
  );

  test("that was edited in the middle is stored encrypted, while the same beginning stays", async () => {
    const { saver } = await savers();
    await step(saver(), 1, 100);
    const after = saver({ encryption: keysAndPlaintext("new") });
    const read = (await values(after, config("t"))) as { messages: { text: string }[] };
    (read.messages[50] as { text: string }).text = "edited";
    await put(after, "t", { id: id(2), parent: id(1), values: read, versions: { messages: 2, note: 2 } });
    expect(await values(saver({ encryption: keysAndPlaintext("new") }), config("t"))).toEqual(read);
  });
});

describe("keys from functions", () => {
  const fetched = (calls: { count: number }, failures = 0) => ({
    keys: {
      new: async () => {
        calls.count += 1;
        if (calls.count <= failures) throw new Error("no");
        return KEYS.new;
      },
    },
    current: "new",
  });

  test("are there when fromConnString resolves", async () => {
    const calls = { count: 0 };
    const saver = await RedisSaver.fromConnString(redisUrl(), {
      keyPrefix: freshPrefix(),
      encryption: fetched(calls),
    });
    onTestFinished(() => saver.end());
    expect(calls.count).toBe(1);
    await step(saver, 1);
    expect(await values(saver, config("t"))).toEqual({ messages: messages(1), note: note(1) });
    expect(calls.count).toBe(1);
  });

  test("that fail are the error of fromConnString, which leaves no connection", async () => {
    const client = await connect();
    const connections = async () =>
      (await client.sendCommand(["CLIENT", "LIST", "TYPE", "NORMAL"])) as unknown as string;
    const before = (await connections()).split("\n").length;
    const opening = RedisSaver.fromConnString(redisUrl(), { encryption: fetched({ count: 0 }, 1) });
    expect(await errorOf(opening)).toMatchObject({ keyId: "new" });
    await expect.poll(async () => (await connections()).split("\n").length).toBeLessThanOrEqual(before);
  });

  test("are waited for by the first operations, whichever these are, with a client of one's own", async () => {
    const calls = { count: 0 };
    const { saver } = await savers({ encryption: fetched(calls) });
    const first = saver();
    expect(calls.count).toBe(0);
    await Promise.all([
      step(first, 1),
      list(first, config("none")),
      first.getTuple(config("none")),
      first.getDeltaChannelHistory({ config: config("none"), channels: ["messages"] }),
    ]);
    expect(calls.count).toBe(1);
    expect(await values(saver(), config("t"))).toMatchObject({ messages: messages(1) });
  });

  test("are asked for again by the next operation after a failure; what needs none goes on", async () => {
    const calls = { count: 0 };
    const { saver } = await savers({ encryption: fetched(calls, 2) });
    const failing = saver();
    expect(await errorOf(step(failing, 1))).toMatchObject({ code: "ENCRYPTION", keyId: "new" });
    await failing.deleteThread("t");
    expect(await failing.listThreads()).toEqual([]);
    expect(await errorOf(values(failing, config("t")))).toMatchObject({ keyId: "new" });
    expect(calls.count).toBe(2);
    await step(failing, 1);
    expect(await values(failing, config("t"))).toMatchObject({ messages: messages(1) });
  });

  test("that never come are not waited for longer than commandTimeout", async () => {
    const never = new Promise<string>(() => {});
    const options = {
      commandTimeout: 200,
      encryption: { keys: { old: KEYS.old, new: () => never }, current: "old" },
    };
    const { saver } = await savers(options);
    const opening = RedisSaver.fromConnString(redisUrl(), options);
    const unread = saver();
    const works = [opening, step(unread, 1), unread.getTuple(config("t")), list(unread, config("t"))];
    for (const error of await Promise.all(works.map(errorOf))) expect(error).toMatchObject({ keyId: "new" });
  });

  test("that never come are not waited for once the signal aborts", async () => {
    const never = new Promise<string>(() => {});
    const { saver } = await savers({ encryption: { keys: { new: () => never }, current: "new" } });
    const aborting = new AbortController();
    const signal = aborting.signal;
    const reading = saver().getTuple({ ...config("t"), signal });
    const listing = saver()
      .list({ ...config("t"), signal })
      .next();
    aborting.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
    await expect(listing).rejects.toThrow("enough");
  });
});

test("keys may be overwritten once a saver was asked for", async () => {
  const keyPrefix = freshPrefix();
  const key = Buffer.from(KEYS.new, "base64");
  const opening = RedisSaver.fromConnString(redisUrl(), {
    keyPrefix,
    encryption: { keys: { new: key }, current: "new" },
  });
  key.fill(0);
  const saver = await opening;
  onTestFinished(() => saver.end());
  await step(saver, 1);
  const reader = new RedisSaver({ client: await connect(), keyPrefix, encryption: keys("new") });
  expect(await values(reader, config("t"))).toMatchObject({ messages: messages(1) });
});

test("put and putWrites store what they were given, whatever the caller changes afterwards", async () => {
  const { saver } = await savers({ encryption: keys("new") });
  const [state, written] = [{ messages: messages(30) }, { text: "as it was" }];
  const putting = put(saver(), "t", { id: id(1), values: state });
  const writing = saver().putWrites(config("t", "", id(1)), [["channel", written]], "task");
  (state.messages[3] as { text: string }).text = "changed";
  state.messages.pop();
  written.text = "changed";
  await Promise.all([putting, writing]);
  const tuple = await saver().getTuple(config("t"));
  expect(tuple?.checkpoint.channel_values).toEqual({ messages: messages(30) });
  expect(tuple?.pendingWrites).toEqual([["task", "channel", { text: "as it was" }]]);
});

test("null is no way to turn encryption off", () => {
  expect(() => new RedisSaver({ client: {} as never, encryption: null as never })).toThrow(
    "encryption must be an object",
  );
  expect(EncryptionError.name).toBe("EncryptionError");
});

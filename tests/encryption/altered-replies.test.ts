import { CorruptRecordError, EncryptionError, RedisSaver } from "langgraph-redis";
import { expect, test } from "vitest";
import { threadKeys } from "../../src/checkpoint/keys.js";
import type { Reply } from "../../src/redis/command.js";
import { asClient, createConnection } from "../../src/redis/connection.js";
import { rawThread } from "../checkpoint/rewrite/helpers.js";
import { config, id, put } from "../conformance/saver/steps.js";
import { ENCRYPTION } from "../helpers/encryption.js";
import { connect, freshPrefix } from "../helpers/redis.js";

async function encryptedThread() {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const saver = (other: object = {}) =>
    new RedisSaver({
      client,
      keyPrefix,
      encryption: ENCRYPTION,
      compression: false,
      cacheBytes: 0,
      ...other,
    });
  return { client, keyPrefix, saver };
}

/** The bytes in a reply, wherever they are. */
function buffersIn(reply: Reply | Error): Buffer[] {
  if (Buffer.isBuffer(reply)) return [reply];
  return Array.isArray(reply) ? reply.flatMap(buffersIn) : [];
}

test("whichever bit of a checkpoint, its writes and chunks is flipped, reading it is an error and gives no data", async () => {
  const { client, saver } = await encryptedThread();
  const values = { text: "x".repeat(70), small: 1, l: ["first", "y".repeat(70)] };
  const at = await put(saver(), "t", { id: id(1), values });
  await saver().putWrites(at, [["text", "written"]], "task");
  const replies = await (async () => {
    let seen: (Reply | Error)[] = [];
    const connection = createConnection(client);
    const recording = asClient({
      pipeline: async (commands) => {
        seen = await connection.pipeline(commands);
        return seen;
      },
    });
    expect((await saver({ client: recording }).getTuple(config("t")))?.checkpoint.channel_values).toEqual(
      values,
    );
    return seen;
  })();
  const reader = saver({ client: asClient({ pipeline: async () => replies }) });
  const bytes = replies.flatMap(buffersIn);
  expect(bytes.reduce((sum, each) => sum + each.length, 0)).toBeGreaterThan(700);
  const wrong: string[] = [];
  for (const [which, buffer] of bytes.entries()) {
    for (let bit = 0; bit < 8 * buffer.length; bit++) {
      const index = bit >> 3;
      const before = buffer[index] as number;
      buffer[index] = before ^ (1 << (bit & 7));
      const outcome: unknown = await reader.getTuple(config("t")).catch((error: unknown) => error);
      buffer[index] = before;
      if (outcome instanceof EncryptionError || outcome instanceof CorruptRecordError) continue;
      wrong.push(`bit ${bit} of ${which}: ${String(outcome)}`);
    }
  }
  expect(wrong).toEqual([]);
  expect((await reader.getTuple(config("t")))?.checkpoint.channel_values).toEqual(values);
});

test("what is not noticed: a thread that is put back as it was before, and one that is deleted", async () => {
  const { client, keyPrefix, saver } = await encryptedThread();
  await put(saver(), "t", { id: id(1), values: { n: 1 } });
  const { own } = threadKeys(keyPrefix, "t");
  const before = own.map((key) => `${key}-before`);
  for (const [at, key] of own.entries()) await client.copy(key, before[at] as string);
  await put(saver(), "t", { id: id(2), parent: id(1), values: { n: 2 }, versions: { n: 2 } });
  for (const [at, key] of own.entries()) await client.rename(before[at] as string, key);
  expect((await saver().getTuple(config("t")))?.checkpoint).toMatchObject({
    id: id(1),
    channel_values: { n: 1 },
  });
  await client.unlink([...own]);
  expect(await saver().getTuple(config("t"))).toBeUndefined();
});

test("reencrypt makes nothing readable that was not: what was moved or altered is refused, and stays as it is", async () => {
  const { client, keyPrefix, saver } = await encryptedThread();
  const old = { ...ENCRYPTION, current: "old" };
  for (const thread of ["t", "u"])
    await put(saver({ encryption: old }), thread, { id: id(1), values: { thread } });
  const [t, u] = ["t", "u"].map((thread) => threadKeys(keyPrefix, thread).checkpoints) as [string, string];
  const binary = await connect(undefined, { commandOptions: { typeMapping: { 36: Buffer } } });
  const record = (await binary.hGet(u, `:${id(1)}`)) as unknown as Buffer;
  await client.hSet(t, `:${id(1)}`, record);
  const before = await rawThread(client, keyPrefix, "t");
  const location = { key: t, threadId: "t", checkpointId: id(1) };
  await expect(saver().reencrypt("t")).rejects.toMatchObject({ code: "ENCRYPTION", keyId: "old", location });
  await expect(saver().copyThread("t", "copy")).rejects.toMatchObject({ code: "ENCRYPTION" });
  expect(await rawThread(client, keyPrefix, "t")).toEqual(before);
  expect(await saver().threadStats("copy")).toBeUndefined();
});

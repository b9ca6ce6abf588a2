import { CorruptRecordError, RedisSaver } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { threadKeys } from "../../src/checkpoint/keys.js";
import { createConnection } from "../../src/redis/connection.js";
import { config, id, put } from "../conformance/saver/steps.js";
import { crossSlotConnection } from "../helpers/cross-slot-connection.js";
import { connect, freshPrefix, type TestClient } from "../helpers/redis.js";
import { keysUnder } from "./helpers.js";

const METADATA = { metadata: { run_id: "run" } };

/** Operations that write, on thread "t", which has checkpoints 1 and 2, or on the new thread "new". */
const OPERATIONS: Record<string, (saver: RedisSaver) => Promise<unknown>> = {
  "put of a child": (saver) =>
    put(saver, "t", { id: id(3), parent: id(2), values: { l: list(3) }, ...METADATA }),
  "put of a root": (saver) => put(saver, "t", { id: id(3), values: { n: 1 }, ...METADATA }),
  putWrites: (saver) => saver.putWrites(config("t", "", id(2)), [["l", list(4)]], "task"),
  expire: (saver) => saver.expire("t", 5),
  persist: (saver) => saver.persist("t"),
  prune: (saver) => saver.prune(["t"], { strategy: "keep_latest" }),
  deleteForRuns: (saver) => saver.deleteForRuns(["run"]),
  copyThread: (saver) => saver.copyThread("t", "copy"),
  "copyThread between two slots": (saver) => saver.copyThread("t", "copy"),
};
const NAMES = ["checkpoints", "index", "chunks", "threads", "created", "expires", "runs"];
const list = (n: number) => Array.from({ length: n }, () => "x".repeat(5000));

describe.each(Object.entries(OPERATIONS))("%s", (name, operation) => {
  test.each(NAMES)("with another program's string at the key %s does all or nothing", async (suffix) => {
    const client = await connect();
    const keyPrefix = freshPrefix();
    const saver = new RedisSaver({
      client: name.includes("slots") ? crossSlotConnection(createConnection(client)) : client,
      keyPrefix,
    });
    const own = new RedisSaver({ client, keyPrefix });
    for (const n of [1, 2]) {
      await put(own, "t", {
        id: id(n),
        parent: n > 1 ? id(n - 1) : undefined,
        values: { l: list(n) },
        ...METADATA,
      });
    }
    const keys = threadKeys(keyPrefix, "t");
    const key = [...keys.own, ...keys.partition.all].find((other) => other.endsWith(`:${suffix}`)) as string;
    await client.set(key, "a string");
    const before = await contents(client, keyPrefix);
    const error = await operation(saver).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) return;
    expect(error).toBeInstanceOf(CorruptRecordError);
    expect((error as CorruptRecordError).location).toMatchObject({ key });
    expect(await contents(client, keyPrefix)).toEqual(before);
  });
});

/** All that is stored, by key. */
async function contents(client: TestClient, keyPrefix: string): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const key of await keysUnder(client, keyPrefix)) {
    const type = await client.type(key);
    if (type === "hash") found.set(key, { ...(await client.hGetAll(key)) });
    else found.set(key, type === "zset" ? await client.zRangeWithScores(key, 0, -1) : await client.get(key));
  }
  return found;
}

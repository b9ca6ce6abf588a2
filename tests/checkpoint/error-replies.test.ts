import { RedisSaver } from "langgraph-redis";
import { ErrorReply } from "redis";
import { describe, expect, test } from "vitest";
import type { Command, Connection, Reply } from "../../src/redis/command.js";
import { type ConnectionClient, createConnection, IS_CONNECTION } from "../../src/redis/connection.js";
import { config, id, list, put } from "../conformance/saver/steps.js";
import { crossSlotConnection } from "../helpers/cross-slot-connection.js";
import { connect, freshPrefix } from "../helpers/redis.js";
import { enterExpired, entry, isOnPartitionOf, pagesOf } from "./helpers.js";

/** Answers one command, counted over all pipelines, with an error that stays. The others are carried out. */
class RefusingConnection implements ConnectionClient {
  readonly [IS_CONNECTION] = true;
  refused: number | undefined;
  /** How many commands there were that count. */
  count = 0;

  constructor(private readonly inner: Connection) {}

  async pipeline(commands: readonly Command[]): Promise<(Reply | Error)[]> {
    const numbers = commands.map((command) => (isCounted(command) ? this.count++ : -1));
    const isRefused = (at: number) => numbers[at] === this.refused;
    const sent = commands.filter((_, at) => !isRefused(at));
    const replies = sent.length > 0 ? await this.inner.pipeline(sent) : [];
    return commands.map((_, at) =>
      isRefused(at) ? new ErrorReply("READONLY refused by the test") : (replies.shift() as Reply | Error),
    );
  }
}

const isCounted = isOnPartitionOf(["t", "u", "none", "copy", "expired"]);

const long = (n: number) => `${n} `.repeat(5_000);
const step = (saver: RedisSaver, n: number, run = "run") =>
  put(saver, "t", {
    id: id(n),
    parent: n > 1 ? id(n - 1) : undefined,
    values: { l: [long(1), long(2), entry(n)] },
    versions: { l: n },
    metadata: { run_id: run, counters_since_delta_snapshot: { log: [1, 1] } },
  });

const operations: Record<string, (saver: RedisSaver) => Promise<unknown>> = {
  put: (saver) => step(saver, 4),
  "put by a client that knows nothing": (saver) => step(saver, 4),
  putWrites: (saver) => saver.putWrites(config("t", "", id(3)), [["l", entry(5)]], "late"),
  getTuple: (saver) => saver.getTuple(config("t")),
  list: (saver) => list(saver, config("t")),
  "list with a filter": (saver) => list(saver, config("t"), { filter: { run_id: "run" } }),
  "list without a thread": (saver) => list(saver, {}),
  getDeltaChannelHistory: (saver) =>
    saver.getDeltaChannelHistory({ config: config("t", "", id(3)), channels: ["log"] }),
  listThreads: (saver) => saver.listThreads(),
  deleteThread: (saver) => saver.deleteThread("t"),
  "prune with keep_latest": (saver) => saver.prune(["none", "t", "u"], { strategy: "keep_latest" }),
  "prune with delete": (saver) => saver.prune(["none", "t", "u"], { strategy: "delete" }),
  deleteForRuns: (saver) => saver.deleteForRuns(["none", "run", "other"]),
  copyThread: (saver) => saver.copyThread("t", "copy"),
  "copyThread between two slots": (saver) => saver.copyThread("t", "copy"),
  expire: (saver) => saver.expire("t", 5),
  persist: (saver) => saver.persist("t"),
};

describe.each(Object.keys(operations))("%s", (name) => {
  test("throws the error of whichever of its commands is refused, and can be called again", async () => {
    const client = await connect();
    let refused = 0;
    for (;;) {
      const keyPrefix = freshPrefix();
      const inner = createConnection(client);
      const connection = new RefusingConnection(
        name.includes("two slots") ? crossSlotConnection(inner) : inner,
      );
      const options = { keyPrefix, ttl: { defaultTTL: 60 }, ...pagesOf(1) };
      const writer = new RedisSaver({ client, ...options });
      for (const n of [1, 2, 3]) {
        await writer.putWrites(await step(writer, n, n === 2 ? "other" : "run"), [["log", n]], "task");
      }
      await put(writer, "u", { id: id(1), metadata: { run_id: "other" } });
      await enterExpired(client, keyPrefix, "expired");
      // The server knows the script then, so that a refusal is not made good by sending all of the pipeline again.
      await writer.listThreads({ limit: 1 });
      const saver = new RedisSaver({ client: connection, ...options });
      if (!name.includes("knows nothing")) await list(saver, config("t"));
      connection.count = 0;
      connection.refused = refused;
      const operation = () => operations[name]?.(saver) as Promise<unknown>;
      const outcome = await operation().then(
        () => "done",
        (error: unknown) => error,
      );
      if (connection.count <= refused) {
        expect(outcome).toBe("done");
        break;
      }
      expect([refused, String(outcome)]).toEqual([refused, expect.stringContaining("refused by the test")]);
      connection.refused = undefined;
      const again = await operation().catch((error: unknown) => String(error));
      // What was done before the error is not done again.
      if (name.startsWith("copyThread") && typeof again === "string")
        expect(again).toContain('"copy" exists');
      else expect(typeof again, String(again)).not.toBe("string");
      refused++;
    }
    expect(refused).toBeGreaterThan(0);
  });
});

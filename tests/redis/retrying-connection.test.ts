import { InvalidInputError, OperationError, RedisSaver } from "langgraph-redis";
import { createClient, SimpleError } from "redis";
import { expect, onTestFinished, test, vi } from "vitest";
import type { ClientAdapter } from "../../src/redis/client-adapter.js";
import type { Command, Connection, Reply } from "../../src/redis/command.js";
import { createConnection } from "../../src/redis/connection.js";
import { ConnectionFailure } from "../../src/redis/connection-failure.js";
import { Lane } from "../../src/redis/lane.js";
import { toOperationError, withOperation } from "../../src/redis/operation-error.js";
import { OperationTracker } from "../../src/redis/operation-tracker.js";
import { RetryingConnection } from "../../src/redis/retrying-connection.js";
import { executeAll, Script } from "../../src/redis/script.js";
import { config } from "../conformance/saver/steps.js";
import { plainRedisUrl, proxied } from "../helpers/redis.js";

const commands: Command[] = ["a", "b", "c"].map((name) => ({ key: "k", args: [name] }));

/** Answers one pipeline after another as it is told, then always "ok". */
class Scripted implements ClientAdapter {
  readonly lane = new Lane();
  unusable: string | undefined;
  lastError: Error | undefined;
  readonly sent: string[] = [];
  reconnected = 0;

  constructor(private readonly answers: ((Reply | Error)[] | Error | "nothing")[]) {}

  laneOf(): Lane {
    return this.lane;
  }

  async send(sent: readonly Command[]): Promise<(Reply | Error)[]> {
    this.sent.push(sent.map(({ args }) => args[0]).join(""));
    const answer = this.answers.shift() ?? sent.map(() => "ok");
    if (answer === "nothing") return new Promise(() => {});
    if (answer instanceof Error) throw answer;
    return answer;
  }

  reconnect(): void {
    this.reconnected++;
  }
}

test.each([
  "LOADING Redis is loading",
  "TRYAGAIN Multiple keys",
  "CLUSTERDOWN Hash slot",
  "BUSY Redis is busy",
  "MASTERDOWN Link",
])("a refusal that passes is waited out, from the command on that it struck: %s", async (refusal) => {
  const adapter = new Scripted([
    [1, new Error(refusal), 3],
    [new Error(refusal), 3],
  ]);
  const replies = await new RetryingConnection(adapter, 5_000).pipeline(commands);
  expect(replies).toEqual([1, "ok", "ok"]);
  expect(adapter.sent).toEqual(["abc", "bc", "bc"]);
});

test("a refusal that stays is the answer in the end", async () => {
  const refusals = Array.from({ length: 100 }, () => [new Error("LOADING"), 2, 3]);
  const replies = await new RetryingConnection(new Scripted(refusals), 100).pipeline(commands);
  expect(replies).toEqual([new Error("LOADING"), 2, 3]);
});

test("other refusals are answers at once", async () => {
  const answer = [1, new Error("OOM command not allowed"), new Error("ERR connection refused, LOADING")];
  const adapter = new Scripted([answer]);
  expect(await new RetryingConnection(adapter, 5_000).pipeline(commands)).toEqual(answer);
  expect(adapter.sent).toEqual(["abc"]);
});

test("after a broken connection all is sent again", async () => {
  const adapter = new Scripted([new Error("Socket closed unexpectedly"), new Error("read ECONNRESET")]);
  expect(await new RetryingConnection(adapter, 5_000).pipeline(commands)).toEqual(["ok", "ok", "ok"]);
  expect(adapter.sent).toEqual(["abc", "abc", "abc"]);
});

test.each([5, null, undefined, {}, ["a"], new String("a"), Symbol("a"), new Uint8Array(1)])(
  "a command that no client can send is an error at once and not a time-out: %o",
  async (argument) => {
    const adapter = new Scripted([]);
    const connection = new RetryingConnection(adapter, 60_000);
    const bad = { key: "k", args: ["GET", argument as never] };
    const error = await connection.pipeline([commands[0] as Command, bad]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain("argument 1 of the command GET must be a string or a Buffer");
    expect(adapter.sent).toEqual([]);
    expect(await connection.pipeline(commands)).toEqual(["ok", "ok", "ok"]);
  },
);

test("without an answer the connection is reconnected, and the error tells what was wrong with it", async () => {
  const adapter = new Scripted([new Error("read ECONNRESET"), "nothing"]);
  const failing = new RetryingConnection(adapter, 100).pipeline(commands);
  await expect(failing).rejects.toThrow(
    new ConnectionFailure("timeout", "no answer within 100 ms (read ECONNRESET)"),
  );
  expect(adapter.reconnected).toBe(1);
});

test("a client that is closed meanwhile is not waited for", async () => {
  const adapter = new Scripted([new Error("The client is closed")]);
  const failing = new RetryingConnection(adapter, 5_000).pipeline(commands);
  adapter.unusable = "the client is closed";
  await expect(failing).rejects.toMatchObject({ kind: "not connected" });
});

test("a client that was created to fail at once while offline does so", async () => {
  const proxy = await proxied(plainRedisUrl());
  const client = createClient({ url: proxy.url, disableOfflineQueue: true });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => client.destroy());
  const saver = new RedisSaver({ client, commandTimeout: 60_000 });
  proxy.refuse = true;
  proxy.cutAll();
  await vi.waitFor(() => expect(client.isReady).toBe(false));
  await expect(saver.getTuple(config("t"))).rejects.toThrow("The client is offline");
});

test.each([-1, Number.NaN, "10", 2 ** 31, null])("%s is no commandTimeout", (commandTimeout) => {
  const create = () => new RedisSaver({ client: new Scripted([]), commandTimeout: commandTimeout as number });
  expect(create).toThrow(InvalidInputError);
});

test("a commandTimeout of 0 is none", async () => {
  const connection = createConnection(new Scripted([new Error("read ECONNRESET")]), 0);
  expect(await connection.pipeline(commands)).toEqual(["ok", "ok", "ok"]);
});

test("scripts that are not known are sent whole, with all that follows them", async () => {
  const sent: string[] = [];
  const connection: Connection = {
    pipeline: async (all) => {
      sent.push(all.map(({ args }) => `${args[0]} ${String(args[1]).slice(0, 6)}`).join(", "));
      return all.map(({ args }) => (args[0] === "EVALSHA" ? new Error("NOSCRIPT No matching script") : 1));
    },
  };
  const script = new Script("return 1");
  const steps = [commands[0] as Command, script.call(["k"], []), { key: "k", args: ["GET", "k"] }];
  expect(await executeAll(connection, steps)).toEqual([1, 1, 1]);
  expect(sent).toEqual([`a undefi, EVALSHA ${script.sha.slice(0, 6)}, GET k`, "EVAL return, GET k"]);
});

test("an operation that fails is named, with what it was about and what to do", async () => {
  const context = { operation: "put", threadId: "t", checkpointNs: "", checkpointId: "c" };
  const cause = new SimpleError("OOM command not allowed when used memory > 'maxmemory'.");
  const error = await withOperation(context, () => Promise.reject(cause)).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(OperationError);
  expect(error).toMatchObject({ context, cause, name: "OperationError" });
  expect((error as Error).message).toBe(
    'put (thread "t", checkpoint "c") failed: OOM command not allowed when used memory > \'maxmemory\'. ' +
      "The server has reached its maxmemory: give it more, or let threads and items expire.",
  );
  const own = new InvalidInputError("no");
  expect(toOperationError(context, own)).toBe(own);
});

test("what lists fails with its name, too, and can be left before its end", async () => {
  let ended = false;
  async function* results() {
    try {
      yield 1;
      throw new ConnectionFailure("timeout", "read ECONNRESET");
    } finally {
      ended = true;
    }
  }
  const operations = new OperationTracker(undefined);
  const all = async () => {
    for await (const _ of operations.iterate({ operation: "list", threadId: "t" }, results()));
  };
  await expect(all()).rejects.toThrow('list (thread "t") failed: read ECONNRESET');
  ended = false;
  for await (const result of operations.iterate({ operation: "list" }, results())) {
    expect(result).toBe(1);
    break;
  }
  expect(ended).toBe(true);
});

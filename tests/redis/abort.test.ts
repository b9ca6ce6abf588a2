import { getEventListeners } from "node:events";
import { InvalidInputError } from "langgraph-redis";
import { expect, onTestFinished, test } from "vitest";
import { checkSignal, onAbort } from "../../src/redis/abort-signal.js";
import { abortable } from "../../src/redis/abortable-connection.js";
import type { ClientAdapter, Transmission } from "../../src/redis/client-adapter.js";
import type { Command, Reply } from "../../src/redis/command.js";
import { Lane } from "../../src/redis/lane.js";
import { OperationTracker } from "../../src/redis/operation-tracker.js";
import { RetryingConnection } from "../../src/redis/retrying-connection.js";
import { execute, Script } from "../../src/redis/script.js";

const reason = new Error("the user left");
const command = (name: string): Command => ({ key: "k", args: [name] });

/** Answers when the test says so. */
class Asked implements ClientAdapter {
  readonly lane = new Lane();
  readonly unusable = undefined;
  readonly sent: string[] = [];
  readonly transmissions: Transmission[] = [];
  reconnected = 0;
  answer: (command: Command) => Promise<Reply | Error> = async () => "ok";

  laneOf(): Lane {
    return this.lane;
  }

  send(commands: readonly Command[], transmission: Transmission): Promise<(Reply | Error)[]> {
    this.sent.push(commands.map(({ args }) => String(args[0])).join(""));
    this.transmissions.push(transmission);
    return Promise.all(commands.map((each) => this.answer(each)));
  }

  reconnect(): void {
    this.reconnected++;
  }
}

const never = () => new Promise<Reply>(() => {});
const settle = () => new Promise(setImmediate);

test("a pipeline whose signal has aborted is not sent", async () => {
  const adapter = new Asked();
  const connection = new RetryingConnection(adapter, 5_000);
  await expect(connection.pipeline([command("a")], AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(adapter.sent).toEqual([]);
});

test("a pipeline that was sent is not waited for once its signal aborts; others are", async () => {
  const adapter = new Asked();
  let answerOther: (reply: Reply) => void = () => {};
  adapter.answer = ({ args: [name] }) =>
    name === "a"
      ? never()
      : new Promise((resolve) => {
          answerOther = resolve;
        });
  const connection = new RetryingConnection(adapter, 5_000);
  const controller = new AbortController();
  const aborted = connection.pipeline([command("a")], controller.signal);
  const other = connection.pipeline([command("b")]);
  controller.abort(reason);
  await expect(aborted).rejects.toBe(reason);
  expect(adapter.transmissions.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  expect(adapter.reconnected).toBe(0);
  answerOther("b");
  expect(await other).toEqual(["b"]);
});

test.each([
  ["a lost connection", () => Promise.reject(new Error("read ECONNRESET"))],
  ["a refusal that passes", async () => new Error("LOADING Redis is loading")],
])("a pipeline that waits to be sent again after %s is not, once its signal aborts", async (_, answer) => {
  const adapter = new Asked();
  adapter.answer = answer;
  const connection = new RetryingConnection(adapter, 60_000);
  const controller = new AbortController();
  const aborted = connection.pipeline([command("a")], controller.signal);
  while (adapter.sent.length < 2) await settle();
  controller.abort(reason);
  const attempts = adapter.sent.length;
  await expect(aborted).rejects.toBe(reason);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(adapter.sent.length).toBe(attempts);
});

test("an operation of several round trips sends no more of them once its signal has aborted", async () => {
  const adapter = new Asked();
  const controller = new AbortController();
  const connection = abortable(new RetryingConnection(adapter, 5_000), controller.signal);
  await connection.pipeline([command("a")]);
  controller.abort(reason);
  await expect(connection.pipeline([command("b")])).rejects.toBe(reason);
  expect(adapter.sent).toEqual(["a"]);
});

test("a script that the server does not know is not sent whole once its signal has aborted", async () => {
  const adapter = new Asked();
  const controller = new AbortController();
  adapter.answer = async () => {
    controller.abort(reason);
    return new Error("NOSCRIPT No matching script");
  };
  const connection = abortable(new RetryingConnection(adapter, 5_000), controller.signal);
  await expect(execute(connection, new Script("return 1").call(["k"], []))).rejects.toBe(reason);
  expect(adapter.sent).toEqual(["EVALSHA"]);
});

test("without a signal an operation uses the connection as it is", () => {
  const connection = new RetryingConnection(new Asked(), 5_000);
  expect(abortable(connection, undefined)).toBe(connection);
});

const context = { operation: "put", threadId: "t" };

test("an operation whose signal has aborted is not begun", async () => {
  const operations = new OperationTracker(5_000);
  let begun = false;
  const work = () => {
    begun = true;
  };
  await expect(operations.run(context, work, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(begun).toBe(false);
});

test("an aborted operation rejects with the signal's reason, whatever that is", async () => {
  const operations = new OperationTracker(5_000);
  for (const abort of ["stop", { id: 1 }, reason]) {
    const controller = new AbortController();
    const connection = abortable(new RetryingConnection(new Asked(), 5_000), controller.signal);
    const work = async () => {
      await connection.pipeline([command("a")]);
      controller.abort(abort);
      await connection.pipeline([command("b")]);
    };
    await expect(operations.run(context, work, controller.signal)).rejects.toBe(abort);
  }
  const standard = operations.run(context, () => {}, AbortSignal.abort());
  await expect(standard).rejects.toMatchObject({ name: "AbortError" });
});

test("an operation that fails for another reason before its signal aborts says so", async () => {
  const operations = new OperationTracker(5_000);
  const { signal } = new AbortController();
  const failing = operations.run(context, () => Promise.reject(new InvalidInputError("no")), signal);
  await expect(failing).rejects.toBeInstanceOf(InvalidInputError);
});

test("an iteration ends at the first result that is asked for after its signal aborted", async () => {
  const operations = new OperationTracker(5_000);
  const controller = new AbortController();
  let ended = false;
  async function* results() {
    try {
      yield 1;
      yield 2;
    } finally {
      ended = true;
    }
  }
  const iteration = operations.iterate(context, results(), controller.signal);
  expect((await iteration.next()).value).toBe(1);
  expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  controller.abort(reason);
  await expect(iteration.next()).rejects.toBe(reason);
  expect(ended).toBe(true);
});

test("10,000 operations on one signal, at once and one after another, leave it no listeners and no warning", async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on("warning", note);
  onTestFinished(() => void process.off("warning", note));
  const adapter = new Asked();
  let answer: () => void = () => {};
  const answered = new Promise<Reply>((resolve) => {
    answer = () => resolve("ok");
  });
  adapter.answer = () => answered;
  const { signal } = new AbortController();
  const connection = new RetryingConnection(adapter, 60_000);
  const atOnce = Array.from({ length: 5_000 }, () => connection.pipeline([command("a")], signal));
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  answer();
  await Promise.all(atOnce);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  for (let n = 0; n < 5_000; n++) await connection.pipeline([command("a")], signal);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  await settle();
  expect(warnings).toEqual([]);
});

test("of those that wait for one signal each is told once, but for those that wait no longer", () => {
  const controller = new AbortController();
  const told: string[] = [];
  const stops: (() => void)[] = [];
  const wait = (name: string, then = () => {}) => {
    const tell = () => {
      told.push(name);
      then();
    };
    stops.push(onAbort(controller.signal, tell));
  };
  wait("a");
  wait("b", () => stops[2]?.());
  wait("c");
  wait("d");
  stops[0]?.();
  stops[0]?.();
  controller.abort();
  expect(told).toEqual(["b", "d"]);
});

test("a signal is one of any realm, or none", () => {
  const { signal } = new AbortController();
  expect(checkSignal(signal, "signal")).toBe(signal);
  expect(checkSignal(undefined, "signal")).toBe(undefined);
  expect(checkSignal(null, "signal")).toBe(undefined);
  const foreign = { aborted: false, addEventListener() {}, removeEventListener() {} };
  expect(checkSignal(foreign, "signal")).toBe(foreign);
  for (const none of [new AbortController(), "abort", 5_000, {}, { aborted: true }]) {
    expect(() => checkSignal(none, "config.signal")).toThrow(InvalidInputError);
    expect(() => checkSignal(none, "config.signal")).toThrow("config.signal must be an AbortSignal, got ");
  }
});

import { OperationError } from "langgraph-redis";
import { expect, onTestFinished, test, vi } from "vitest";
import { OperationTracker } from "../../src/redis/operation-tracker.js";

const context = { operation: "put", threadId: "t" };

/** A promise that the test settles. */
function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Whether it is settled, once everything that is due has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  promise.then(note, note);
  await new Promise(setImmediate);
  return settled;
}

test("close waits for all operations under way, whether they succeed or fail", async () => {
  const operations = new OperationTracker(10_000);
  const [one, other] = [deferred<number>(), deferred<number>()];
  const results = [operations.run(context, () => one.promise), operations.run(context, () => other.promise)];
  const closed = operations.close();
  expect(await isSettled(closed)).toBe(false);
  one.resolve(1);
  expect(await isSettled(closed)).toBe(false);
  other.reject(new Error("OOM command not allowed"));
  expect(await isSettled(closed)).toBe(true);
  expect(await results[0]).toBe(1);
  await expect(results[1]).rejects.toThrow("put");
});

test("close without operations is done at once, and can be repeated", async () => {
  const operations = new OperationTracker(10_000);
  expect(await isSettled(operations.close())).toBe(true);
  expect(await isSettled(operations.close())).toBe(true);
});

test("close gives up on operations of which none comes to its end", async () => {
  const operations = new OperationTracker(50);
  void operations.run(context, () => new Promise(() => {}));
  await operations.close();
});

test("close without a commandTimeout waits as long as it would by default", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const operations = new OperationTracker(0);
  void operations.run(context, () => new Promise(() => {}));
  let closed = false;
  void operations.close().then(() => {
    closed = true;
  });
  await vi.advanceTimersByTimeAsync(9_900);
  expect(closed).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  expect(closed).toBe(true);
});

test("close goes on waiting as long as operations come to their end", async () => {
  const operations = new OperationTracker(400);
  let done = 0;
  const later = (n: number) =>
    operations.run(context, async () => {
      await new Promise((resolve) => setTimeout(resolve, n * 200));
      done++;
    });
  for (let n = 1; n <= 5; n++) void later(n); // longer than the time-out together
  await operations.close();
  expect(done).toBe(5);
});

test("an operation that is called after close is refused before it begins", async () => {
  const operations = new OperationTracker(10_000);
  await operations.close();
  let begun = false;
  const refused = operations.run(context, () => {
    begun = true;
  });
  await expect(refused).rejects.toBeInstanceOf(OperationError);
  await expect(refused).rejects.toThrow(
    'put (thread "t") failed: its connection was closed by end() or stop()',
  );
  expect(begun).toBe(false);
});

test("each result of an iteration is an operation: close waits for the one that was asked for", async () => {
  const operations = new OperationTracker(10_000);
  const second = deferred<number>();
  let returned = false;
  async function* results() {
    try {
      yield 1;
      yield await second.promise;
      yield 3;
    } finally {
      returned = true;
    }
  }
  const iteration = operations.iterate(context, results());
  expect((await iteration.next()).value).toBe(1);
  // Nobody waits for a result now, and perhaps nobody ever will again.
  const next = iteration.next();
  const closed = operations.close();
  expect(await isSettled(closed)).toBe(false);
  second.resolve(2);
  expect((await next).value).toBe(2);
  await closed;
  await expect(iteration.next()).rejects.toThrow("closed by end()");
  expect(returned).toBe(true);
});

test("an iteration that is left early is ended", async () => {
  const operations = new OperationTracker(10_000);
  let returned = false;
  async function* results() {
    try {
      yield 1;
      yield 2;
    } finally {
      returned = true;
    }
  }
  for await (const _ of operations.iterate(context, results())) break;
  expect(returned).toBe(true);
  await operations.close();
});

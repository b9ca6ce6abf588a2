import type { OperationContext } from "../errors.js";
import { closedFailure } from "./connection-failure.js";
import { toOperationError, withOperation } from "./operation-error.js";
import { checkCommandTimeout, finiteTimeout } from "./options.js";
import { STALL_TICKS, StallDetector } from "./stall-detector.js";

/**
 * The operations of one saver or store that are under way, wherever they are: waiting for an embedding model, encoding
 * a value, or on their way to Redis. Closing waits for all of them, because a caller cannot know how far they have come.
 */
export class OperationTracker {
  #underWay = 0;
  readonly #timeout: number;
  #closing: Promise<void> | undefined;
  #onSettled: () => void = () => {};
  readonly #settle = () => {
    this.#underWay--;
    this.#onSettled();
  };

  /** @param commandTimeout how long to wait for operations of which none comes to its end. */
  constructor(commandTimeout: number | undefined) {
    this.#timeout = finiteTimeout(checkCommandTimeout(commandTimeout));
  }

  /**
   * Runs an operation. Work that a signal aborts sends through a connection that is `abortable` by that signal.
   *
   * @throws {OperationError} when Redis fails it, or when it comes after {@link close}; the signal's reason when the
   * signal has aborted it.
   */
  run<T>(context: OperationContext, work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.track(context, () => withOperation(context, work, signal));
  }

  /** As {@link run}, for work that says itself which operation failed. */
  track<T>(context: OperationContext, work: () => Promise<T>): Promise<T> {
    if (this.#closing) return Promise.reject(toOperationError(context, closedFailure()));
    const operation = work();
    this.#underWay++;
    // An operation that fails before its caller awaits it does not end the process, either.
    operation.then(this.#settle, this.#settle);
    return operation;
  }

  /** As {@link run}, for an operation that gives its results one by one. Each is an operation of its own. */
  async *iterate<T>(
    context: OperationContext,
    results: AsyncIterable<T>,
    signal?: AbortSignal,
  ): AsyncGenerator<T> {
    const iterator = results[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.run(context, () => iterator.next(), signal);
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  /**
   * Takes no more operations, and waits for those under way. Gives up on them when for as long as the time-out none came
   * to its end: one may wait for a model that never answers. While this process is itself busy no time passes.
   */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      let idleTicks = 0;
      const stalls = new StallDetector(this.#timeout);
      const waiting = {
        tick: () => {
          idleTicks++;
          if (idleTicks >= STALL_TICKS) finish();
        },
      };
      const finish = () => {
        stalls.unwatch(waiting);
        resolve();
      };
      stalls.watch(waiting);
      this.#onSettled = () => {
        idleTicks = 0;
        if (this.#underWay === 0) finish();
      };
      this.#onSettled();
    });
    return this.#closing;
  }
}

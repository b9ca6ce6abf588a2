import type { OperationContext } from "../errors.js";
import { closedFailure } from "./connection-failure.js";
import type { OperationMessage } from "./operation-channel.js";
import { toOperationError, withOperation } from "./operation-error.js";
import {
  countResults,
  OperationObservation,
  type OperationSubject,
  type ResultCounts,
} from "./operation-observation.js";
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

  readonly #subject: OperationSubject | undefined;

  /**
   * @param commandTimeout how long to wait for operations of which none comes to its end.
   * @param subject whose operations they are; without one they are not reported.
   */
  constructor(commandTimeout: number | undefined, subject?: OperationSubject) {
    this.#timeout = finiteTimeout(checkCommandTimeout(commandTimeout));
    this.#subject = subject;
  }

  /**
   * Runs an operation. Work that a signal aborts sends through a connection that is `abortable` by that signal.
   *
   * @param count how many results it had, for those who observe it.
   * @throws {OperationError} when Redis fails it, or when it comes after {@link close}; the signal's reason when the
   * signal has aborted it.
   */
  run<T>(
    context: OperationContext,
    work: () => T | Promise<T>,
    signal?: AbortSignal,
    count?: (value: T) => ResultCounts,
  ): Promise<T> {
    return this.track(context, () => withOperation(context, work, signal), count);
  }

  /**
   * As {@link run}, for work that says itself which operation failed.
   *
   * @param batch the operations that it is a batch of, for those who observe it.
   */
  track<T>(
    context: OperationContext,
    work: () => Promise<T>,
    count: (value: T) => ResultCounts = countResults,
    batch?: () => OperationMessage["batch"],
  ): Promise<T> {
    const observation = OperationObservation.begin(this.#subject, context, batch);
    if (!observation) return this.#admit(context, work);
    // One that comes after the end is observed as well.
    if (this.#closing) return observation.observe(() => this.#admit(context, work), count);
    return this.#admit(context, () => observation.observe(work, count));
  }

  /**
   * As {@link run}, for an operation that gives its results one by one. Each is waited for by {@link close}; to those who
   * observe, all of them are one operation, from the first that is asked for until there are no more or none is wanted.
   */
  async *iterate<T>(
    context: OperationContext,
    results: AsyncIterable<T>,
    signal?: AbortSignal,
  ): AsyncGenerator<T> {
    const iterator = results[Symbol.asyncIterator]();
    const observation = OperationObservation.begin(this.#subject, context);
    const step = () => withOperation(context, () => iterator.next(), signal);
    let count = 0;
    let failure: { error: unknown } | undefined;
    try {
      for (;;) {
        const next = await this.#admit(context, observation ? () => observation.step(step) : step);
        if (next.done) return;
        count++;
        yield next.value;
      }
    } catch (error) {
      failure = { error };
      throw error;
    } finally {
      await iterator.return?.();
      if (failure) observation?.fail(failure.error);
      else observation?.succeed(count);
    }
  }

  #admit<T>(context: OperationContext, work: () => Promise<T>): Promise<T> {
    if (this.#closing) return Promise.reject(toOperationError(context, closedFailure()));
    const operation = work();
    this.#underWay++;
    // An operation that fails before its caller awaits it does not end the process, either.
    operation.then(this.#settle, this.#settle);
    return operation;
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

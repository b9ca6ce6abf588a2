import asyncHooks from "node:async_hooks";
import { LangGraphRedisError, type OperationContext } from "../errors.js";
import type { ServerAddress } from "./command.js";
import { Meter, withMeter } from "./meter.js";
import {
  AROUND,
  type Around,
  type BatchedOperations,
  isObserved,
  type OperationMessage,
  operationChannel,
  type PendingMessage,
} from "./operation-channel.js";

/** Whose operations they are. */
export interface OperationSubject {
  readonly component: OperationMessage["component"];
  readonly keyPrefix: string;
  readonly server?: ServerAddress | undefined;
}

/** What an operation came to, where that is more than a number. */
export type ResultCounts = number | undefined | Readonly<Record<string, BatchedOperations>>;

/**
 * Tells those who listen how one operation goes: its start, then the end of its first synchronous part, at last its end.
 * It has no result of the operation in it, unlike what Node's own `tracePromise` publishes: results are the user's.
 */
export class OperationObservation {
  readonly #message: PendingMessage;
  readonly #meter = new Meter();
  #scope: asyncHooks.AsyncResource | undefined;
  #duration = 0;

  private constructor(
    subject: OperationSubject,
    context: OperationContext,
    batch: OperationMessage["batch"],
  ) {
    this.#message = { ...subject, ...identifiers(context), operation: context.operation, [AROUND]: [] };
    if (batch) this.#message.batch = batch;
    Object.defineProperty(this.#message, AROUND, { enumerable: false });
  }

  /**
   * @param batch the operations that it is a batch of.
   * @returns undefined when nobody listens.
   */
  static begin(
    subject: OperationSubject | undefined,
    context: OperationContext,
    batch?: () => OperationMessage["batch"],
  ): OperationObservation | undefined {
    return subject && isObserved() ? new OperationObservation(subject, context, batch?.()) : undefined;
  }

  /**
   * Runs an operation, or a step of one that has several: all of them in the contexts that listeners have set up at
   * the start.
   */
  async step<T>(work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    try {
      if (this.#scope) return await this.#scope.runInAsyncScope(work);
      return await this.#start(work);
    } finally {
      this.#duration += performance.now() - begun;
    }
  }

  /** Runs an operation that has one step, and tells its end. */
  async observe<T>(work: () => Promise<T>, count: (value: T) => ResultCounts): Promise<T> {
    let value: T;
    try {
      value = await this.step(work);
    } catch (error) {
      this.fail(error);
      throw error;
    }
    this.succeed(count(value));
    return value;
  }

  succeed(counts: ResultCounts): void {
    if (typeof counts === "object") {
      this.#message.batch = counts;
      this.#message.results = Object.values(counts).reduce((sum, { results = 0 }) => sum + results, 0);
    } else if (counts !== undefined) this.#message.results = counts;
    this.#end();
  }

  fail(error: unknown): void {
    this.#message.errorCode = errorCodeOf(error);
    this.#end();
  }

  #start<T>(work: () => Promise<T>): Promise<T> {
    const message = this.#message;
    const begin = () => {
      const scope = new asyncHooks.AsyncResource("LangGraphRedisOperation");
      this.#scope = scope;
      return scope.runInAsyncScope(work);
    };
    return operationChannel.start.runStores(message, () => {
      const around: readonly Around[] = message[AROUND];
      const operation = around.reduce(
        (inner, wrap) => () => wrap(inner),
        () => withMeter(this.#meter, begin),
      );
      try {
        return operation();
      } finally {
        operationChannel.end.publish(message);
      }
    });
  }

  #end(): void {
    const message = this.#message;
    // A copy: answers that nobody waits for any more may still come.
    const { roundTrips, bytesSent, bytesReceived, retries } = this.#meter;
    Object.assign(message, { duration: this.#duration, roundTrips, bytesSent, bytesReceived, retries });
    if (message.errorCode !== undefined) operationChannel.error.publish(message);
    operationChannel.asyncStart.publish(message);
    operationChannel.asyncEnd.publish(message);
  }
}

/** How many results a value stands for: a list its elements, a number itself, anything that is there one. */
export function countResults(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value.length;
  if (typeof value === "number" || typeof value === "boolean") return Number(value);
  return value === null ? 0 : 1;
}

const IDENTIFIERS = ["threadId", "checkpointNs", "checkpointId", "key"] as const;

/** What the context says of the operation's target. An id that is none, and is going to be refused, is left out. */
function identifiers(context: OperationContext): Partial<PendingMessage> {
  const known: Partial<PendingMessage> = {};
  for (const name of IDENTIFIERS) {
    const value: unknown = context[name];
    if (typeof value === "string") known[name] = value;
  }
  const { namespace } = context;
  if (Array.isArray(namespace)) known.namespace = namespace.filter((label) => typeof label === "string");
  return known;
}

function errorCodeOf(error: unknown): string {
  if (error instanceof LangGraphRedisError) return error.code;
  try {
    const name = error instanceof Error ? error.name : undefined;
    return typeof name === "string" && /^\w{1,64}$/.test(name) ? name : "Error";
  } catch {
    return "Error";
  }
}

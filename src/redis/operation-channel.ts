// The default export, since bundlers turn a namespace into named imports, which fail where Node lacks one.
import diagnostics from "node:diagnostics_channel";
import type { ServerAddress } from "./command.js";

/** How many operations of one kind a batch had, and what they came to. */
export interface BatchedOperations {
  operations: number;
  /** At the end, when the batch has not failed: as {@link OperationMessage.results}, of all of them. */
  results?: number;
}

/**
 * What is reported of an operation of a saver, a store or a cache: the message on the channels
 * `tracing:langgraph-redis:operation:start`, `:end`, `:asyncStart`, `:asyncEnd` and `:error` of `node:diagnostics_channel`. All
 * of them get the same object; what is said to be known at the end is there from `error` and `asyncStart` on.
 *
 * It holds ids, namespaces and keys, and no values.
 *
 * @example
 * ```ts
 * import { tracingChannel } from "node:diagnostics_channel";
 * import type { OperationMessage } from "langgraph-redis";
 *
 * tracingChannel("langgraph-redis:operation").asyncEnd.subscribe((message) => {
 *   const { operation, duration, roundTrips, errorCode } = message as OperationMessage;
 *   console.log(operation, duration, roundTrips, errorCode ?? "ok");
 * });
 * ```
 */
export interface OperationMessage {
  readonly component: "saver" | "store" | "cache";
  /** The method, for example "put"; "batch" for a batch of several operations. */
  readonly operation: string;
  readonly keyPrefix: string;
  readonly threadId?: string;
  readonly checkpointNs?: string;
  readonly checkpointId?: string;
  readonly namespace?: readonly string[];
  readonly key?: string;
  /** The server, where the client has just one and tells its address. */
  readonly server?: ServerAddress;
  /** Of a batch of several operations: how many of each kind it has, and at the end their results. */
  readonly batch?: Readonly<Record<string, Readonly<BatchedOperations>>>;

  /** At the end: milliseconds. What is iterated takes the time of its steps, not that of the loop's body. */
  readonly duration?: number;
  /** At the end: how often it waited for Redis; what is sent together, to whichever nodes, is one round trip. */
  readonly roundTrips?: number;
  /** At the end: bytes of the commands as they go over the wire, those of retries included. */
  readonly bytesSent?: number;
  /** At the end: bytes of the replies as the protocol RESP2 has them. */
  readonly bytesReceived?: number;
  /** At the end: how often commands were sent again, after a lost connection or a refusal that passes. */
  readonly retries?: number;
  /**
   * At the end: how many items, checkpoints, writes, threads or namespaces it read, wrote or removed; `undefined` when it
   * failed, and where there is nothing to count.
   */
  readonly results?: number;
  /** At the end, when it failed: the `code` of an error of this package, else the `name` of the error. */
  readonly errorCode?: string;
}

/** Whoever listens to the start may add functions here, which then call the operation: within a context of theirs. */
export const AROUND = Symbol.for("langgraph-redis.around-operation");

export type Around = <T>(operation: () => T) => T;

/** A message as it is while its operation runs. */
export type PendingMessage = { -readonly [Name in keyof OperationMessage]: OperationMessage[Name] } & {
  [AROUND]: Around[];
};

export const CHANNEL = "langgraph-redis:operation";

export const operationChannel = diagnostics.tracingChannel<unknown, object>(CHANNEL);

/** Whether anybody listens. The channel has a property of this name from Node 20.13 on only. */
export function isObserved(): boolean {
  const { start, end, asyncStart, asyncEnd, error } = operationChannel;
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers ||
    asyncStart.hasSubscribers ||
    end.hasSubscribers
  );
}

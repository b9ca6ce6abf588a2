import type { RunnableConfig } from "@langchain/core/runnables";
import { checkSignal } from "../redis/abort-signal.js";
import { abortable } from "../redis/abortable-connection.js";
import { checkKnownOptions, type KnownOptions } from "../redis/known-options.js";
import type { SaverContext } from "./context.js";

/** For methods that take no config, in which a signal could be. */
export interface AbortOptions {
  /**
   * Aborts the operation: what has not been sent never is, and what was sent is not waited for. The promise rejects with
   * the signal's reason. A write that was sent may have been stored. Default: none.
   */
  signal?: AbortSignal | undefined;
}

const ABORT_OPTIONS: KnownOptions<AbortOptions> = { signal: true };

/** The signal in the options of a method. @throws {InvalidInputError} */
export function signalOf(options: AbortOptions | undefined, method: string): AbortSignal | undefined {
  checkKnownOptions(options, ABORT_OPTIONS, method);
  return optionalSignal(options);
}

/** The signal in options that are checked elsewhere. @throws {InvalidInputError} */
export function optionalSignal(options: AbortOptions | null | undefined): AbortSignal | undefined {
  return checkSignal(options?.signal, "signal");
}

/** The signal that aborts a read. @throws {InvalidInputError} */
export function signalOfRead(config: RunnableConfig | null | undefined): AbortSignal | undefined {
  return checkSignal(config?.signal, "config.signal");
}

/**
 * The signal that aborts a write: none, when a graph's run saves its progress.
 *
 * A run passes its own signal along, but goes on saving after it has aborted, which is how a conversation keeps what was
 * said until somebody pressed "stop": the writes of tasks that were done, the checkpoint of the step before, and with
 * `durability: "exit"` everything. LangGraph also aborts the signal of a stream that is left early. A checkpoint that
 * was then refused would be lost, and with it all that LangGraph would have put after it.
 *
 * @throws {InvalidInputError}
 */
export function signalOfWrite(config: RunnableConfig | null | undefined): AbortSignal | undefined {
  const signal = signalOfRead(config);
  return signal === undefined || isConfigOfRun(config) ? undefined : signal;
}

/** LangGraph completes the configs of runs, this property included; configs of its other methods stay as they are given. */
function isConfigOfRun(config: RunnableConfig | null | undefined): boolean {
  return config?.recursionLimit !== undefined;
}

/** The saver's context for one operation that the signal may abort. */
export function abortableContext(context: SaverContext, signal: AbortSignal | undefined): SaverContext {
  return signal === undefined ? context : { ...context, connection: abortable(context.connection, signal) };
}

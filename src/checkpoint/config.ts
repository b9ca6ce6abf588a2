import type { RunnableConfig } from "@langchain/core/runnables";
import { getCheckpointId } from "@langchain/langgraph-checkpoint";
import { describe, describeId, quote } from "../describe.js";
import { CheckpointNotFoundError, InvalidInputError } from "../errors.js";
import { checkRecordLike, isRecordLike } from "./records/record-like.js";

/** Which checkpoint a config means. */
export interface CheckpointRef {
  readonly threadId: string;
  readonly checkpointNs: string;
  /** Undefined for "the latest". */
  readonly checkpointId: string | undefined;
}

/**
 * @param subject what takes the config, for the message: `"put() needs"`, `"before must be"`.
 * @throws {InvalidInputError} unless it is a config, which typed code always gives.
 */
export function checkConfig(config: unknown, subject: string): asserts config is RunnableConfig {
  if (!isRecordLike(config)) {
    throw new InvalidInputError(
      `${subject} a config, got ${describe(config)}. Example: { configurable: { thread_id: "conversation-1" } }.`,
    );
  }
  checkRecordLike(config.configurable, "config.configurable");
}

/** @throws {InvalidInputError} naming the part of `config.configurable` that cannot be used. */
export function parseConfig(config: RunnableConfig): CheckpointRef {
  const threadId = config.configurable?.thread_id;
  return {
    threadId: checkThreadId(threadId),
    checkpointNs: namespaceOf(config) ?? "",
    checkpointId: checkpointIdOf(config),
  };
}

/** The same of a config that has to name its checkpoint. @throws {InvalidInputError} */
export function parseCheckpointConfig(
  config: RunnableConfig,
): CheckpointRef & { readonly checkpointId: string } {
  const ref = parseConfig(config);
  if (ref.checkpointId === undefined) {
    throw new InvalidInputError(
      `config.configurable.checkpoint_id is missing (thread ${quote(ref.threadId)}). ` +
        "Pass the config that put() or getTuple() returned.",
    );
  }
  return { ...ref, checkpointId: ref.checkpointId };
}

/** @returns undefined when the config names no namespace. @throws {InvalidInputError} */
export function namespaceOf(config: RunnableConfig): string | undefined {
  const checkpointNs = config.configurable?.checkpoint_ns;
  if (checkpointNs === undefined || checkpointNs === null) return undefined;
  if (typeof checkpointNs !== "string") {
    throw new InvalidInputError(`checkpoint_ns must be a string, got ${describe(checkpointNs)}.`);
  }
  return checkpointNs;
}

/** @returns undefined when the config names no checkpoint. @throws {InvalidInputError} */
export function checkpointIdOf(config: RunnableConfig): string | undefined {
  const named: unknown = config.configurable?.checkpoint_id;
  // Falsy values that are no ids, which LangGraph takes for none.
  const checkpointId: unknown = (named ?? "") === "" ? getCheckpointId(config) : named;
  return checkpointId === ""
    ? undefined
    : checkCheckpointId(checkpointId, "config.configurable.checkpoint_id");
}

export function checkThreadId(threadId: unknown): string {
  if (typeof threadId !== "string" || threadId === "") {
    throw new InvalidInputError(
      `thread_id must be a non-empty string, got ${describeId(threadId)}. ` +
        'Example: graph.invoke(input, { configurable: { thread_id: "conversation-1" } }).',
    );
  }
  return threadId;
}

/** A list of ids as it is at the call. @throws {InvalidInputError} */
export function checkIdList(ids: unknown, what: string): string[] {
  if (Array.isArray(ids)) return [...ids];
  throw new InvalidInputError(`the ${what} must be a list, got ${describe(ids)}.`);
}

/** Ids are kept as they are, for their order, so they have to be text that UTF-8 can express. */
export function checkCheckpointId(id: unknown, what: string): string {
  if (typeof id !== "string" || id === "" || /\p{Surrogate}/u.test(id)) {
    throw new InvalidInputError(`${what} must be a non-empty, well-formed string, got ${describeId(id)}.`);
  }
  return id;
}

/** The scripts read and write names of channels, so these too have to be text that UTF-8 can express. */
export function checkChannel(channel: unknown, what: string): asserts channel is string {
  if (typeof channel !== "string" || /\p{Surrogate}/u.test(channel)) {
    throw new InvalidInputError(
      `the name of a channel must be a well-formed string, got ${describeId(channel)} in ${what}.`,
    );
  }
}

/**
 * Refuses a checkpoint for the reason that a script gave.
 *
 * @param isWrite whether a checkpoint was to be put after it.
 * @throws {CheckpointNotFoundError}
 */
export function refuseCheckpoint(
  checkpoint: { threadId: string; checkpointNs: string; checkpointId: string },
  reason: Buffer,
  { history, isWrite }: { history: "all" | "latest"; isWrite: boolean },
): never {
  const superseded = reason.toString("utf8") === "superseded";
  throw new CheckpointNotFoundError(checkpoint, { superseded, history, isWrite });
}

export function toConfig(threadId: string, checkpointNs: string, checkpointId: string): RunnableConfig {
  return { configurable: { thread_id: threadId, checkpoint_ns: checkpointNs, checkpoint_id: checkpointId } };
}

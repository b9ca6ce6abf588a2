import { randomUUID } from "node:crypto";
import { describe, describeOption, quote } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import type { Connection, Reply } from "../redis/command.js";
import { encodeKeyPart } from "../redis/key-encoding.js";
import { checkKnownOptions, type KnownOptions } from "../redis/known-options.js";
import type { PipelineEntry } from "../redis/script.js";
import { checkThreadId } from "./address.js";
import { execute, executeAll } from "./call.js";
import { type ThreadKeys, threadKeys, threadsKey } from "./keys.js";
import type { Limits } from "./limits.js";
import { addToRuns, expireRuns, removeFromRuns, threadsOfRuns } from "./runs.js";
import { COPY, DELETE, DELETE_RUN, DUMP, EXPIRE, PRUNE, RESTORE } from "./scripts.js";
import { enterThread } from "./threads.js";

export interface LifecycleContext {
  readonly connection: Connection;
  readonly keyPrefix: string;
  readonly limits: Limits;
}

/** What to leave of a thread. */
export interface PruneOptions {
  /** "keep_latest" leaves the newest checkpoints of each namespace, "delete" leaves nothing. */
  strategy: "keep_latest" | "delete";
  /** How many checkpoints "keep_latest" leaves in each namespace, at least 1. Default: 1. */
  keepLast?: number;
}

const PRUNE_OPTIONS: KnownOptions<PruneOptions> = { strategy: true, keepLast: true };

/** See {@link RedisSaver.deleteThread}. */
export async function deleteThread(context: LifecycleContext, threadId: string): Promise<void> {
  const keys = threadKeys(context.keyPrefix, checkThreadId(threadId));
  const registry = threadsKey(context.keyPrefix);
  // Out of the registry first: a checkpoint that is put meanwhile enters it after it was stored, so that no thread
  // which is there is ever missing from it. Between the nodes of a cluster, waiting is what keeps the order.
  const unregister: PipelineEntry = { key: registry, args: ["ZREM", registry, encodeKeyPart(threadId)] };
  const { connection } = context;
  const [unregistered, runs] = connection.isCluster
    ? [await execute(connection, unregister), await execute(connection, DELETE.call(keys, []))]
    : await executeAll(connection, [unregister, DELETE.call(keys, [])]);
  if (unregistered instanceof Error) throw unregistered;
  if (runs instanceof Error) throw runs;
  await removeFromRuns(
    context,
    toStrings(runs as Reply).map((run) => ({ threadId, run })),
  );
}

/** See {@link RedisSaver.prune}. */
export async function pruneThreads(
  context: LifecycleContext,
  requested: readonly string[],
  options: PruneOptions,
): Promise<number> {
  const threadIds = listOf(requested, "thread ids");
  if (options === undefined) {
    throw new InvalidInputError(
      'prune() needs to be told what to keep, for example { strategy: "keep_latest" }.',
    );
  }
  checkKnownOptions(options, PRUNE_OPTIONS, "prune");
  const { strategy, keepLast = 1 } = options;
  if (strategy !== "keep_latest" && strategy !== "delete") {
    throw new InvalidInputError(`strategy must be "keep_latest" or "delete", got ${describe(strategy)}.`);
  }
  if (!Number.isInteger(keepLast) || keepLast < 1) {
    throw new InvalidInputError(
      `keepLast must be a whole number of checkpoints, at least 1, got ${describeOption(keepLast)}.`,
    );
  }
  const keys = threadIds.map((threadId) => threadKeys(context.keyPrefix, checkThreadId(threadId)));
  if (strategy === "keep_latest") {
    return removed(
      context,
      keys.map((thread) => PRUNE.call(thread, [String(keepLast)])),
    );
  }
  const counts = await executeAll(
    context.connection,
    keys.map(([, order]) => ({ key: order, args: ["ZCARD", order] })),
  );
  for (const threadId of threadIds) await deleteThread(context, threadId);
  return sum(counts);
}

/** See {@link RedisSaver.deleteForRuns}. */
export async function deleteForRuns(
  context: LifecycleContext,
  requested: readonly string[],
): Promise<number> {
  const runIds = listOf(requested, "run ids");
  for (const runId of runIds) {
    if (typeof runId !== "string" || runId === "") {
      throw new InvalidInputError(`a run id must be a non-empty string, got ${describe(runId)}.`);
    }
  }
  if (runIds.length === 0) return 0;
  const threads = await threadsOfRuns(context, runIds);
  const calls = [...threads].map(([threadId, runs]) =>
    DELETE_RUN.call(threadKeys(context.keyPrefix, threadId), runs.map(encodeKeyPart)),
  );
  const count = await removed(context, calls);
  await removeFromRuns(
    context,
    [...threads].flatMap(([threadId, runs]) => runs.map((run) => ({ threadId, run: encodeKeyPart(run) }))),
  );
  return count;
}

/** See {@link RedisSaver.copyThread}. */
export async function copyThread(context: LifecycleContext, source: string, target: string): Promise<void> {
  const from = threadKeys(context.keyPrefix, checkThreadId(source));
  const to = threadKeys(context.keyPrefix, checkThreadId(target));
  const runs = await copyKeys(context, from, to);
  if (runs === "no source") throw new InvalidInputError(`there is no thread ${quote(source)} to copy.`);
  if (runs === "target exists") {
    throw new InvalidInputError(
      `thread ${quote(target)} exists already. Delete it first, or copy to another one.`,
    );
  }
  await enterThread(context, target);
  await addToRuns(
    context,
    runs.map((run) => ({ threadId: target, run })),
  );
}

async function copyKeys(
  { connection }: LifecycleContext,
  from: ThreadKeys,
  to: ThreadKeys,
): Promise<string[] | "no source" | "target exists"> {
  const token = randomUUID();
  const [reply] = await executeAll(connection, [COPY.call([...from, ...to], [token])]);
  if (Array.isArray(reply)) return toStrings(reply);
  if (Buffer.isBuffer(reply)) return reply.toString("utf8") as "no source" | "target exists";
  // In a cluster no script may touch both threads, unless they happen to be in one slot.
  if (!(reply instanceof Error) || !reply.message.includes("CROSSSLOT")) throw reply;
  const dumped = (await execute(connection, DUMP.call(from, []))) as
    | [[number, Buffer | null][], Reply]
    | null;
  if (dumped === null) return "no source";
  const [dumps, runs] = dumped;
  const args = dumps.flatMap(([milliseconds, dump]) => [String(milliseconds), dump ?? ""]);
  return (await execute(connection, RESTORE.call(to, [token, ...args]))) === 1
    ? toStrings(runs)
    : "target exists";
}

/** See {@link RedisSaver.expire} and {@link RedisSaver.persist}. @returns false when there is no such thread. */
export async function expireThread(
  context: LifecycleContext,
  threadId: string,
  milliseconds: number,
): Promise<boolean> {
  const keys = threadKeys(context.keyPrefix, checkThreadId(threadId));
  const runs = await execute(context.connection, EXPIRE.call(keys, [String(milliseconds)]));
  if (runs === null) return false;
  await expireRuns(context, toStrings(runs), milliseconds);
  return true;
}

async function removed(context: LifecycleContext, calls: Parameters<typeof executeAll>[1]): Promise<number> {
  return calls.length === 0 ? 0 : sum(await executeAll(context.connection, calls));
}

function sum(replies: readonly (Reply | Error)[]): number {
  let total = 0;
  for (const reply of replies) {
    if (reply instanceof Error) throw reply;
    total += Number(reply);
  }
  return total;
}

/** A list of ids as it is at the call. @throws {InvalidInputError} */
function listOf(ids: unknown, what: string): string[] {
  if (Array.isArray(ids)) return [...ids];
  throw new InvalidInputError(`the ${what} must be a list, got ${describe(ids)}.`);
}

function toStrings(reply: Reply): string[] {
  return (reply as Buffer[]).map((text) => text.toString("utf8"));
}

import { randomUUID } from "node:crypto";
import type { CheckedCallback } from "../../callback.js";
import { quote } from "../../describe.js";
import { ThreadConflictError } from "../../errors.js";
import type { Connection } from "../../redis/command.js";
import type { SaverContext } from "../context.js";
import { threadKeys } from "../keys.js";
import { PartsOpener } from "../rewrite/parts.js";
import { type RewriteCounts, Rewriting } from "../rewrite/rewriting.js";
import { Staging, StagingLost } from "../rewrite/staging.js";
import { ThreadChanged, ThreadReader } from "../rewrite/thread-reader.js";
import type { ThreadTransform } from "../rewrite/transform.js";
import { execute } from "../scripts/execute.js";

/** How often a thread is read anew because somebody has written to it meanwhile. */
const MAX_ATTEMPTS = 5;

export interface Rewrite {
  readonly source: string;
  /** Undefined to put the thread in the place of itself, if there is anything to rewrite. */
  readonly target?: string;
  readonly transform: ThreadTransform;
  /** What is done, for messages. */
  readonly what: string;
  readonly onProgress?: CheckedCallback<[RewriteCounts]> | undefined;
}

export type RewriteOutcome = RewriteCounts | "no source" | "target exists";

/**
 * Rewrites a thread of one moment: it is read in portions, transformed here, kept in portions under keys of its own, and put in
 * place at once, unless somebody has written to the thread meanwhile: then all begins again.
 *
 * @throws {ThreadConflictError} when that happens again and again. The thread is as it was.
 */
export async function rewriteThread(context: SaverContext, rewrite: Rewrite): Promise<RewriteOutcome> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const outcome = await attemptRewrite(context, rewrite);
    if (outcome !== "changed") return outcome;
  }
  throw new ThreadConflictError(
    `${rewrite.what} of thread ${quote(rewrite.source)} was given up: each time the thread was written to before it had ` +
      "been read as a whole. The thread is as it was. Try again when less is written to it.",
  );
}

async function attemptRewrite(
  { connection, keyPrefix, limits, cache }: SaverContext,
  { source, target, transform, onProgress }: Rewrite,
): Promise<RewriteOutcome | "changed"> {
  const token = randomUUID();
  const [from, threadId] = [threadKeys(keyPrefix, source), target ?? source];
  const to = threadKeys(keyPrefix, threadId);
  const reader = await ThreadReader.open(connection, from, limits, token);
  if (!reader) return "no source";
  if (target !== undefined && (await exists(connection, to.own))) return "target exists";
  const rewriting = new Rewriting(reader, transform, new PartsOpener(transform, source, from), onProgress);
  const staging = new Staging(connection, to, limits, { keyPrefix, threadId }, token);
  try {
    if (target === undefined && !(await rewriting.isOutdated())) return rewriting.counts();
    const milliseconds = await rewriting.writeTo(staging);
    const outcome =
      target === undefined ? await staging.replace(reader.state) : await staging.create(milliseconds);
    if (outcome === "exists") return "target exists";
    if (outcome !== "done") return "changed";
    cache.forget(to.checkpoints);
    return rewriting.counts();
  } catch (error) {
    if (error instanceof ThreadChanged || error instanceof StagingLost) return "changed";
    throw error;
  } finally {
    await staging.discard();
  }
}

/** So that a copy which will be refused is not made. */
async function exists(connection: Connection, keys: readonly string[]): Promise<boolean> {
  return Number(await execute(connection, { key: keys[0] as string, args: ["EXISTS", ...keys] })) > 0;
}

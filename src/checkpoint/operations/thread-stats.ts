import type { Reply } from "../../redis/command.js";
import { checkThreadId } from "../config.js";
import type { SaverContext } from "../context.js";
import { threadKeys } from "../keys.js";
import { execute, executeAll } from "../scripts/execute.js";
import { THREAD_STATS } from "../scripts/index.js";

/** How much a thread holds. */
export interface ThreadStats {
  /** The number of its checkpoints, in all namespaces. */
  readonly checkpoints: number;
  /** The number of checkpoint namespaces that have any. */
  readonly namespaces: number;
  /**
   * The memory that the thread takes on the server, as `MEMORY USAGE` says. Redis estimates it from a thousand entries of each of its
   * keys. Undefined where that command is not permitted or not known.
   */
  readonly bytes: number | undefined;
  /** The moment at which it expires; undefined for a thread that stays. */
  readonly expiresAt: Date | undefined;
}

/** Entries of each key that the server looks at, so that a large thread does not block it. */
const SAMPLES = "1000";

/** See {@link RedisSaver.threadStats}. */
export async function threadStats(
  { connection, keyPrefix, limits }: Pick<SaverContext, "connection" | "keyPrefix" | "limits">,
  threadId: string,
): Promise<ThreadStats | undefined> {
  const { own, all } = threadKeys(keyPrefix, checkThreadId(threadId));
  const count = (place: string | Buffer) => THREAD_STATS.call(all, [place, String(limits.namespacesPage)]);
  const [first, ...sizes] = await executeAll(connection, [
    count(""),
    ...own.map((key) => ({ key, args: ["MEMORY", "USAGE", key, "SAMPLES", SAMPLES] })),
  ]);
  if (first instanceof Error) throw first;
  let reply = first as [Reply, Reply, Buffer, Reply] | null;
  let namespaces = 0;
  while (reply !== null) {
    const [checkpoints, counted, place, expires] = reply;
    namespaces += Number(counted);
    if (place.length === 0) {
      const expiresAt = Number(expires) < 0 ? undefined : new Date(Number(expires));
      return { checkpoints: Number(checkpoints), namespaces, bytes: sumOf(sizes), expiresAt };
    }
    reply = (await execute(connection, count(place))) as typeof reply;
  }
  return undefined;
}

function sumOf(sizes: readonly (Reply | Error)[]): number | undefined {
  let sum = 0;
  for (const size of sizes) {
    if (size instanceof Error && /^(NOPERM|ERR unknown)/.test(size.message)) return undefined;
    if (size instanceof Error) throw size;
    sum += Number(size ?? 0);
  }
  return sum;
}

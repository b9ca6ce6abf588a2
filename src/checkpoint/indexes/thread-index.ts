import type { Reply } from "../../redis/command.js";
import { decodeKeyPart, encodeKeyPart } from "../../redis/key-encoding.js";
import type { PipelineEntry } from "../../redis/script.js";
import type { SaverContext } from "../context.js";
import { threadKeys, threadsKey } from "../keys.js";
import { execute, executeAll } from "../scripts/execute.js";
import { FORGET_THREADS } from "../scripts/index.js";

/** A thread, with the time of its last checkpoint. */
export interface ThreadInfo {
  readonly threadId: string;
  readonly updatedAt: Date;
}

type Registry = Pick<SaverContext, "connection" | "keyPrefix" | "limits">;

/** An entry of the registry, as it stands there. */
interface Entry {
  readonly member: string;
  readonly score: number;
}

/** Where a page of the registry begins: after this entry, or after all entries of this score. */
export type ThreadCursor = { readonly score: number; readonly member: string | undefined } | undefined;

/** Enters a thread, as written now. */
export function threadEntry(keyPrefix: string, threadId: string): PipelineEntry {
  const key = threadsKey(keyPrefix);
  return { key, args: ["ZADD", key, String(Date.now()), encodeKeyPart(threadId)] };
}

export async function enterThread(
  { connection, keyPrefix }: Pick<Registry, "connection" | "keyPrefix">,
  threadId: string,
): Promise<void> {
  await execute(connection, threadEntry(keyPrefix, threadId));
}

/** All threads that are there, newest first, read from the registry in pages. */
export async function* allThreads(registry: Registry, start?: ThreadCursor): AsyncGenerator<ThreadInfo> {
  let cursor = start;
  for (;;) {
    const entries = await readPage(registry, cursor);
    const last = entries.at(-1);
    if (!last) return;
    for (const { member, score } of await livingEntries(registry, entries)) {
      yield { threadId: decodeKeyPart(member), updatedAt: new Date(score) };
    }
    cursor = last;
  }
}

/** Entries are ordered by score, and those of one score by member; both descending. */
async function readPage({ connection, keyPrefix, limits }: Registry, cursor: ThreadCursor): Promise<Entry[]> {
  const key = threadsKey(keyPrefix);
  const range = (from: string, to: string, limit: string[]) => ({
    key,
    args: ["ZRANGE", key, from, to, "BYSCORE", "REV", ...limit, "WITHSCORES"],
  });
  const page = ["LIMIT", "0", String(limits.threadsPage)];
  if (!cursor) return decodeEntries(await execute(connection, range("+inf", "-inf", page)));
  const score = String(cursor.score);
  const [ties, older] = await executeAll(connection, [
    range(score, score, []),
    range(`(${score}`, "-inf", page),
  ]);
  if (ties instanceof Error) throw ties;
  if (older instanceof Error) throw older;
  const { member } = cursor;
  const rest =
    member === undefined ? [] : decodeEntries(ties as Reply).filter((entry) => entry.member < member);
  return [...rest, ...decodeEntries(older as Reply)];
}

/** The entries whose threads are there. Those of threads that have expired are removed. */
async function livingEntries(registry: Registry, entries: readonly Entry[]): Promise<Entry[]> {
  const { connection, keyPrefix } = registry;
  const keys = entries.map(({ member }) => threadKeys(keyPrefix, decodeKeyPart(member)).checkpoints);
  const exist = await executeAll(
    connection,
    keys.map((key) => ({ key, args: ["EXISTS", key] })),
  );
  for (const reply of exist) if (reply instanceof Error) throw reply;
  const gone = entries.filter((_, at) => exist[at] === 0);
  if (gone.length > 0) await removeStale(registry, gone);
  return entries.filter((_, at) => exist[at] !== 0);
}

/** Removes entries, but for those that were renewed since they were read. */
async function removeStale({ connection, keyPrefix }: Registry, entries: readonly Entry[]): Promise<void> {
  const args = entries.flatMap(({ member, score }) => [member, String(score)]);
  await execute(connection, FORGET_THREADS.call([threadsKey(keyPrefix)], args));
}

/** RESP2 answers a flat list of members and scores, RESP3 a list of pairs. */
function decodeEntries(reply: Reply): Entry[] {
  const flat = (reply as Reply[]).flat() as (Buffer | number)[];
  const entries: Entry[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    entries.push({ member: String(flat[at]), score: Number(String(flat[at + 1])) });
  }
  return entries;
}

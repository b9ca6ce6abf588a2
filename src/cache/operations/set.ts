import type { Arg, Reply } from "../../redis/command.js";
import { executeAll, Script } from "../../redis/script.js";
import type { CacheEntry } from "../arguments.js";
import {
  byNamespace,
  type CacheContext,
  type NamespaceGroup,
  type ReportFailure,
  replyError,
  toLangGraphRedisError,
} from "../context.js";
import { serializeValue } from "../entry-value.js";
import type { CacheNamespaceKeys } from "../keys.js";
import registrySource from "./registry.lua";
import setSource from "./set.lua";

const SET = new Script(registrySource, setSource);

/** What one call of the script stores at most, so that others need not wait for long; one entry in any case. */
const ENTRIES_PER_CALL = 100;
const BYTES_PER_CALL = 1_000_000;

/** An entry whose value was read. */
interface SerializedEntry extends Omit<CacheEntry, "value"> {
  readonly content: Promise<Buffer>;
}

interface EncodedEntry extends SerializedEntry {
  readonly own: CacheNamespaceKeys;
  readonly bytes: Buffer;
}

/** Reads the values of entries at once: nobody waits for what is stored of them, so that they may be changed meanwhile. */
export function serialize(context: CacheContext, entries: readonly CacheEntry[]): SerializedEntry[] {
  return entries.map(({ value, ...entry }) => {
    const content = serializeValue(context, entry.key, value);
    content.catch(() => {}); // until it is waited for
    return { ...entry, content };
  });
}

/** Stores entries. What cannot be stored is reported, and left out. */
export async function set(
  context: CacheContext,
  entries: readonly SerializedEntry[],
  report: ReportFailure,
): Promise<void> {
  await context.entries.ready();
  const encoded: EncodedEntry[] = [];
  for (const entry of entries) {
    const own = context.keys.ofNamespace(entry.key[0]);
    try {
      encoded.push({
        ...entry,
        own,
        bytes: context.entries.seal(own.name, entry.key[1], await entry.content),
      });
    } catch (error) {
      report(toLangGraphRedisError("set", error, entry.key[0]));
    }
  }
  const parts = byNamespace(context.keys, encoded).flatMap(inParts);
  if (parts.length === 0) return;
  const replies = await executeAll(
    context.connection,
    parts.map(({ own, members }) =>
      SET.call(
        [own.permanent, own.expiring, own.deadlines, own.registry],
        [own.name, ...members.flatMap((member) => argumentsOf(context, member))],
      ),
    ),
  );
  for (const [index, part] of parts.entries()) {
    const reply = replies[index] as Reply | Error;
    if (reply instanceof Error) report(replyError("set", part, reply));
  }
}

/** What the script takes for an entry: that it has expired where it was stored under former keys, and itself. */
function argumentsOf({ entries }: CacheContext, { own, key, ttl, bytes }: EncodedEntry): Arg[] {
  const [current, ...former] = entries.fieldsOf(own.name, key[1]);
  return [
    ...former.flatMap((field) => [field, "0", ""]),
    current,
    ttl === undefined ? "" : String(ttl),
    bytes,
  ];
}

function inParts({ members, ...group }: NamespaceGroup<EncodedEntry>): NamespaceGroup<EncodedEntry>[] {
  const parts: EncodedEntry[][] = [];
  let room = 0;
  for (const entry of members) {
    const last = parts.at(-1);
    room -= entry.bytes.length;
    if (last && last.length < ENTRIES_PER_CALL && room >= 0) last.push(entry);
    else {
      parts.push([entry]);
      room = BYTES_PER_CALL - entry.bytes.length;
    }
  }
  return parts.map((part) => ({ ...group, members: part }));
}

import type { Reply } from "../../redis/command.js";
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
import { encodeValue } from "../entry-value.js";
import { entryName } from "../keys.js";
import registrySource from "./registry.lua";
import setSource from "./set.lua";

const SET = new Script(registrySource, setSource);

/** What one call of the script stores at most, so that others need not wait for long; one entry in any case. */
const ENTRIES_PER_CALL = 100;
const BYTES_PER_CALL = 1_000_000;

type EncodedEntry = CacheEntry & { readonly bytes: Buffer };

/** Stores entries. What cannot be stored is reported, and left out. */
export async function set(
  context: CacheContext,
  entries: readonly CacheEntry[],
  report: ReportFailure,
): Promise<void> {
  const encoded: EncodedEntry[] = [];
  for (const entry of entries) {
    try {
      encoded.push({ ...entry, bytes: await encodeValue(context.serde, entry.key, entry.value) });
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
        [
          own.name,
          ...members.flatMap(({ key, ttl, bytes }) => [
            entryName(key[1]),
            ttl === undefined ? "" : String(ttl),
            bytes,
          ]),
        ],
      ),
    ),
  );
  for (const [index, part] of parts.entries()) {
    const reply = replies[index] as Reply | Error;
    if (reply instanceof Error) report(replyError("set", part, reply));
  }
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

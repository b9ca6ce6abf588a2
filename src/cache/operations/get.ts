import type { CacheFullKey } from "@langchain/langgraph-checkpoint";
import type { Reply } from "../../redis/command.js";
import { executeAll, Script } from "../../redis/script.js";
import {
  byNamespace,
  type CacheContext,
  type NamespaceGroup,
  type ReportFailure,
  replyError,
  toLangGraphRedisError,
} from "../context.js";
import { decodeValue } from "../entry-value.js";
import getSource from "./get.lua";

const GET = new Script(getSource);

/** Entries that one call of the script reads, so that others need not wait for long. */
const ENTRIES_PER_CALL = 100;

/** The entries that there are, in the order of their keys. What cannot be read is reported, and missing. */
export async function get(
  context: CacheContext,
  keys: readonly CacheFullKey[],
  report: ReportFailure,
): Promise<{ key: CacheFullKey; value: unknown }[]> {
  await context.entries.ready();
  const wanted = keys.map((key, at) => ({ key, at }));
  const parts = byNamespace(context.keys, wanted)
    .flatMap(inParts)
    .map((part) => ({
      ...part,
      fields: part.members.map(({ key }) => context.entries.fieldsOf(part.own.name, key[1])),
    }));
  const replies = await executeAll(
    context.connection,
    parts.map(({ own, fields }) =>
      GET.call([own.permanent, own.expiring, own.deadlines, own.registry], [own.name, ...fields.flat()]),
    ),
  );
  const found: { at: number; key: CacheFullKey; value: unknown }[] = [];
  for (const [index, part] of parts.entries()) {
    const reply = replies[index] as Reply | Error;
    if (reply instanceof Error) {
      report(replyError("get", part, reply));
      continue;
    }
    const values = (reply as Reply[]).values();
    for (const [place, { key, at }] of part.members.entries()) {
      const stored = part.fields[place]?.map(() => values.next().value).find(Buffer.isBuffer);
      if (!stored) continue;
      try {
        found.push({ at, key, value: await decodeValue(context, part.own, key, stored) });
      } catch (error) {
        report(toLangGraphRedisError("get", error, part.namespace));
      }
    }
  }
  return found.sort((one, other) => one.at - other.at).map(({ key, value }) => ({ key, value }));
}

function inParts<T>({ members, ...group }: NamespaceGroup<T>): NamespaceGroup<T>[] {
  const parts: NamespaceGroup<T>[] = [];
  for (let from = 0; from < members.length; from += ENTRIES_PER_CALL) {
    parts.push({ ...group, members: members.slice(from, from + ENTRIES_PER_CALL) });
  }
  return parts;
}

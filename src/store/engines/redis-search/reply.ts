import type { Reply } from "../../../redis/command.js";
import { EngineUnavailableError } from "../../errors.js";

const KEY = Buffer.from("__key");
const SCORE = Buffer.from("__score");

/** A document as a search command gives it back. */
export interface FoundDocument {
  /** Its Redis key. */
  id: string;
  /** What the scorer gave it, when that was asked for. */
  score: number | undefined;
  /** Names and values in turn; `undefined` when the document expired but is still in the index. */
  fields: FlatFields | undefined;
}

/** Names and values in turn, as the server sent them: a page is read without a map for each of its documents. */
export type FlatFields = readonly Reply[];

/** The value of a field. */
export function fieldOf(fields: FlatFields, name: Buffer): Reply | undefined {
  for (let at = 0; at < fields.length; at += 2) {
    const each = fields[at];
    if (each instanceof Buffer ? isSame(each, name) : each === name.toString()) return fields[at + 1];
  }
  return undefined;
}

/** For texts as short as names: Buffer's own comparison is a call into the runtime. */
function isSame(a: Buffer, b: Buffer): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

export interface FoundDocuments {
  /** How many documents satisfy the query, as far as the server counted. */
  total: number;
  documents: FoundDocument[];
}

/**
 * Decodes a reply of FT.SEARCH: a map in RESP3 of newer servers, otherwise a list.
 *
 * @param scored Whether WITHSCORES was asked for.
 */
export function decodeSearchReply(reply: Reply, scored: boolean): FoundDocuments {
  const list = reply as Reply[];
  return typeof list[0] === "number" ? decodeList(list, scored) : decodeMap(toMap(list));
}

/**
 * Decodes a reply of FT.AGGREGATE whose rows have the key of their document, and the score if one was asked for.
 *
 * @param scored Whether a row has its score before it, which is how older servers tell it.
 */
export function decodeRows(
  reply: Reply,
  scored: boolean,
): { id: string; score: number; fields: FlatFields }[] {
  const list = reply as Reply[];
  const rows: { score: Reply | undefined; fields: FlatFields }[] = [];
  if (typeof list[0] === "number") {
    for (let at = 1; at < list.length; at += scored ? 2 : 1) {
      const fields = list[scored ? at + 1 : at] as FlatFields | null;
      if (fields) rows.push({ score: scored ? list[at] : undefined, fields }); // others have expired
    }
  } else {
    const answer = toMap(list);
    refuseTimeout(answer.get("warning"));
    for (const result of (answer.get("results") ?? []) as Reply[][]) {
      rows.push({ score: undefined, fields: (toMap(result).get("extra_attributes") ?? []) as FlatFields });
    }
  }
  return rows.flatMap(({ score, fields }) => {
    const id = fieldOf(fields, KEY);
    if (id === undefined) return [];
    return [{ id: String(id), score: Number(score ?? fieldOf(fields, SCORE) ?? 0), fields }];
  });
}

function decodeList(list: Reply[], scored: boolean): FoundDocuments {
  const width = scored ? 3 : 2;
  const documents: FoundDocument[] = [];
  for (let at = 1; at < list.length; at += width) {
    const fields = list[at + width - 1] as Reply[] | null;
    documents.push({
      id: String(list[at]),
      score: scored ? Number(list[at + 1]) : undefined,
      fields: fields ?? undefined,
    });
  }
  return { total: list[0] as number, documents };
}

function decodeMap(answer: Map<string, Reply>): FoundDocuments {
  refuseTimeout(answer.get("warning"));
  const results = (answer.get("results") ?? []) as Reply[][];
  return {
    total: Number(answer.get("total_results")),
    documents: results.map((result) => {
      const each = toMap(result);
      const score = each.get("score");
      const fields = each.get("extra_attributes") as Reply[] | null | undefined;
      return {
        id: String(each.get("id")),
        score: score === undefined || score === null ? undefined : Number(score),
        fields: fields ?? undefined,
      };
    }),
  };
}

/** Newer servers say so when they stopped before they had looked at everything. Half an answer is none. */
function refuseTimeout(warnings: Reply | undefined): void {
  const timeout = (Array.isArray(warnings) ? warnings : []).map(String).find((each) => /timeout/i.test(each));
  if (timeout) {
    throw new EngineUnavailableError(
      `the search engine stopped before it had looked at everything: ${timeout}. ` +
        "Narrow the namespace, or raise the server's search-timeout.",
    );
  }
}

/** A flat list of names and values as a map. */
export function toMap(list: Reply[]): Map<string, Reply> {
  const map = new Map<string, Reply>();
  for (let at = 0; at + 1 < list.length; at += 2) map.set(String(list[at]), list[at + 1] as Reply);
  return map;
}

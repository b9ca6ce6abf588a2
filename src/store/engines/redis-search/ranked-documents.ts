import type { Reply } from "../../../redis/command.js";
import { itemDocument } from "../../keys.js";
import { type PipelineTask, send } from "../../pipeline.js";
import type { SearchRequest } from "../../requests.js";
import { type Ranked, rankItems } from "../ranking.js";
import { explainTo, type QueryBuilder, type SearchCommand, toEntry } from "./query.js";
import { decodeSearchReply, type FlatFields } from "./reply.js";

/** A document that a ranking found, with what was returned of it. */
export interface Hit {
  /** Its Redis key. */
  id: string;
  score: number;
  fields: FlatFields | undefined;
}

/** The beginning of a ranking of items. */
export interface RankedItems {
  items: Ranked[];
  /** Whether no other item may be returned. */
  exhausted: boolean;
  /** Whether there is no other item, also none that is less similar than was asked for. */
  isComplete: boolean;
}

/**
 * The items of the best documents, given best first. Equals come in the order of the server, which depends on when they were
 * written, and on a cluster on which node was faster. So those that are as good as the last one are left out, unless it
 * is the last of all: others that were not returned may come before them.
 */
export function certainItems(hits: readonly Hit[], exhausted: boolean): Ranked[] {
  const last = hits.at(-1)?.score ?? 0;
  const certain: Ranked[] = [];
  for (const { id, score } of hits) {
    if (exhausted || score > last) certain.push({ id: itemDocument(id), score });
  }
  return rankItems(certain);
}

/** How many results the server lets one query have. Learnt from its refusal. */
export class ResultLimit {
  /** What servers allow unless they are configured otherwise. */
  most = 1_000_000;

  /** Whether one of the replies is the server's refusal of so many results. Then less is asked for from now on. */
  isRefusal(replies: readonly (Reply | Error)[]): boolean {
    for (const reply of replies) {
      const most = reply instanceof Error && /exceeds maximum of (\d+)/i.exec(reply.message)?.[1];
      if (!most || Number(most) >= this.most || Number(most) < 1) continue;
      this.most = Number(most);
      return true;
    }
    return false;
  }
}

/** Sends a query. @throws the error that Redis answered. */
export function* ask(command: SearchCommand, { explain }: SearchRequest): PipelineTask<Reply> {
  explainTo(explain, command);
  return yield* send(toEntry(command));
}

/**
 * How many documents there are to be ranked, by words when some are given. Newer servers leave expired ones out of pages and of
 * the totals that come with them: a short page does not say there that it is the last one.
 *
 * @param total What came with a page.
 */
export function* countRanked(
  queries: QueryBuilder,
  request: SearchRequest,
  total: number,
  words?: readonly string[],
): PipelineTask<number> {
  if (!queries.dropsExpired) return total;
  return decodeSearchReply(yield* ask(queries.countRanked(request, words), request), false).total;
}

/** Sends queries together; errors stand in the place of their replies. */
export function* askAll(
  commands: readonly SearchCommand[],
  { explain }: SearchRequest,
): PipelineTask<readonly (Reply | Error)[]> {
  for (const command of commands) explainTo(explain, command);
  return yield commands.map(toEntry);
}

/** @throws the error that Redis answered. */
export function unwrap(reply: Reply | Error | undefined): Reply {
  if (reply instanceof Error) throw reply;
  return reply as Reply;
}

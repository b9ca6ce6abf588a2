import { createHash } from "node:crypto";
import type { Arg, Command, Connection, Reply } from "./command.js";

/** A Lua script, known to Redis by the SHA-1 of its text. */
export class Script {
  readonly source: string;
  readonly sha: string;

  /** @param files The script's own text, after those that it builds on: Lua has no imports on the server. */
  constructor(...files: readonly string[]) {
    this.source = files.join("\n");
    this.sha = createHash("sha1").update(this.source).digest("hex");
  }

  /** This script on the given keys, all of which must share one hash tag. */
  call(keys: readonly string[], args: readonly Arg[]): ScriptCall {
    return { script: this, keys, args };
  }
}

/** A script with its keys and arguments: data, until {@link execute} sends it. */
export interface ScriptCall {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly Arg[];
}

export type PipelineEntry = Command | ScriptCall;

/**
 * Everything is sent through this one function: commands and scripts together, in one pipeline.
 *
 * A script goes as EVALSHA. Only when the server does not know it (a first call, SCRIPT FLUSH, a restart) the
 * pipeline is sent again as EVAL, from that entry on: the later entries have already run by then, but all entries
 * of this package are idempotent, and only running them again keeps their order.
 *
 * @returns one reply per entry; an error reply of Redis stands in its place.
 */
export async function executeAll(
  connection: Connection,
  entries: readonly PipelineEntry[],
): Promise<(Reply | Error)[]> {
  const replies = await connection.pipeline(entries.map((entry) => toCommand(entry, "EVALSHA")));
  const unknown = replies.findIndex(isUnknownScript);
  if (unknown === -1) return replies;
  const again = await connection.pipeline(entries.slice(unknown).map((entry) => toCommand(entry, "EVAL")));
  return [...replies.slice(0, unknown), ...again];
}

/**
 * As {@link executeAll}, for entries that have nothing to do with each other: each is run once only, whichever nodes know
 * its script, so that a reply can say what the first run has done.
 */
export async function executeEach(
  connection: Connection,
  entries: readonly PipelineEntry[],
): Promise<(Reply | Error)[]> {
  const replies = await connection.pipeline(entries.map((entry) => toCommand(entry, "EVALSHA")));
  const unknown = entries.filter((_, at) => isUnknownScript(replies[at]));
  if (unknown.length === 0) return replies;
  const again = await connection.pipeline(unknown.map((entry) => toCommand(entry, "EVAL")));
  return replies.map((reply) => (isUnknownScript(reply) ? (again.shift() as Reply | Error) : reply));
}

function isUnknownScript(reply: Reply | Error | undefined): boolean {
  return reply instanceof Error && reply.message.startsWith("NOSCRIPT");
}

/** Runs one entry. @throws the error that Redis answered. */
export async function execute(connection: Connection, entry: PipelineEntry): Promise<Reply> {
  const [reply] = await executeAll(connection, [entry]);
  if (reply instanceof Error) throw reply;
  return reply as Reply;
}

function toCommand(entry: PipelineEntry, verb: "EVALSHA" | "EVAL"): Command {
  if (!("script" in entry)) return entry;
  const { script, keys, args } = entry;
  const body = verb === "EVALSHA" ? script.sha : script.source;
  return { key: keys[0] as string, args: [verb, body, String(keys.length), ...keys, ...args] };
}

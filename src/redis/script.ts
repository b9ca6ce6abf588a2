import { createHash } from "node:crypto";
import type { Arg, Command, Connection, Reply } from "./connection.js";

/** A Lua script, known to Redis by the SHA-1 of its text. */
export class Script {
  readonly sha: string;

  constructor(readonly source: string) {
    this.sha = createHash("sha1").update(source).digest("hex");
  }

  /** This script on the given keys, all of which must share one hash tag. */
  call(keys: readonly string[], args: readonly Arg[]): ScriptCall {
    return { script: this, keys, args };
  }
}

/** A script with its keys and arguments: data, until {@link run} sends it. */
export interface ScriptCall {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly Arg[];
}

export type Step = Command | ScriptCall;

/**
 * The one door through which everything is sent: commands and scripts together, in one pipeline.
 *
 * A script goes as EVALSHA. Only when the server does not know it (a first call, SCRIPT FLUSH, a restart) the
 * pipeline is sent again as EVAL, from that step on: the later steps have already run by then, but all steps
 * of this package are idempotent, and only running them again keeps their order.
 *
 * @returns one reply per step; an error reply of Redis stands in its place.
 */
export async function runAll(connection: Connection, steps: readonly Step[]): Promise<(Reply | Error)[]> {
  const replies = await connection.pipeline(steps.map((step) => toCommand(step, "EVALSHA")));
  const unknown = replies.findIndex(
    (reply) => reply instanceof Error && reply.message.startsWith("NOSCRIPT"),
  );
  if (unknown === -1) return replies;
  const again = await connection.pipeline(steps.slice(unknown).map((step) => toCommand(step, "EVAL")));
  return [...replies.slice(0, unknown), ...again];
}

/** Runs one step. @throws the error that Redis answered. */
export async function run(connection: Connection, step: Step): Promise<Reply> {
  const [reply] = await runAll(connection, [step]);
  if (reply instanceof Error) throw reply;
  return reply as Reply;
}

function toCommand(step: Step, verb: "EVALSHA" | "EVAL"): Command {
  if (!("script" in step)) return step;
  const { script, keys, args } = step;
  const body = verb === "EVALSHA" ? script.sha : script.source;
  return { key: keys[0] as string, args: [verb, body, String(keys.length), ...keys, ...args] };
}

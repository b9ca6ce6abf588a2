import type { Arg, Connection, Reply } from "../../redis/command.js";
import type { ScriptCall } from "../../redis/script.js";
import { executeAll } from "../scripts/execute.js";

/** A script that does a portion of its work, from where its reply before said that it goes on; "" at first. */
export type PortionedCall = (place: Arg, rest: Arg) => ScriptCall;

/** A server runs what comes in one pipeline without a pause, so only a few scripts go together. */
const AT_ONCE = 4;

/**
 * Calls scripts again and again until each of them has finished. One that fails keeps none of the others from finishing.
 *
 * @returns how many checkpoints they removed.
 * @throws the first error that Redis answered.
 */
export async function inPortions(connection: Connection, calls: readonly PortionedCall[]): Promise<number> {
  let removed = 0;
  let failure: Error | undefined;
  let due = calls.map((call): { call: PortionedCall; place: Arg; rest: Arg } => ({
    call,
    place: "",
    rest: "",
  }));
  while (due.length > 0) {
    const current = due.slice(0, AT_ONCE);
    const entries = current.map(({ call, place, rest }) => call(place, rest));
    const replies = await executeAll(connection, entries);
    const unfinished = replies.flatMap((reply, at) => {
      if (reply instanceof Error) {
        failure ??= reply;
        return [];
      }
      const [count, place, rest] = reply as [Reply, Buffer, Buffer];
      removed += Number(count);
      const { call } = current[at] as (typeof current)[number];
      return place.length > 0 ? [{ call, place, rest }] : [];
    });
    due = [...unfinished, ...due.slice(AT_ONCE)];
  }
  if (failure) throw failure;
  return removed;
}

import type { Reply } from "../redis/command.js";
import type { ScriptCall } from "../redis/script.js";
import type { Limits } from "./limits.js";
import type { PipelineTask } from "./pipeline.js";

/**
 * Calls a script for each of some partitions, all in one round trip. On one server a call is for many partitions; on a
 * cluster they are in different slots, and each has its own.
 *
 * @param call The call for a group of partitions.
 * @returns the reply to each call, with the partitions that it was for.
 */
export function* callForEach<P>(
  partitions: readonly P[],
  { partitionsTogether }: Limits,
  call: (group: readonly P[]) => ScriptCall,
): PipelineTask<{ group: readonly P[]; reply: Reply }[]> {
  const groups: P[][] = [];
  for (let from = 0; from < partitions.length; from += partitionsTogether)
    groups.push(partitions.slice(from, from + partitionsTogether));
  const replies = yield groups.map(call);
  const answers: { group: readonly P[]; reply: Reply }[] = [];
  const refused: P[] = [];
  for (const [at, group] of groups.entries()) {
    const reply = replies[at] as Reply | Error;
    if (!(reply instanceof Error)) answers.push({ group, reply });
    // A cluster behind a proxy does not look like one.
    else if (group.length > 1 && reply.message.includes("CROSSSLOT")) refused.push(...group);
    else throw reply;
  }
  if (refused.length === 0) return answers;
  const again = yield refused.map((partition) => call([partition]));
  for (const [at, partition] of refused.entries()) {
    const reply = again[at] as Reply | Error;
    if (reply instanceof Error) throw reply;
    answers.push({ group: [partition], reply });
  }
  return answers;
}

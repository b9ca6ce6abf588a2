import type { Reply } from "../../redis/command.js";
import { decodeKeyPart } from "../../redis/key-encoding.js";
import { PARTITIONS } from "../../redis/partition.js";
import type { SaverContext } from "../context.js";
import { partitionKeys } from "../keys.js";
import { executeAll } from "../scripts/execute.js";

/**
 * The ids of the threads that a run made checkpoints in, from the indexes of all partitions, in pages. A thread may have lost its
 * checkpoints of the run since.
 *
 * @param run its encoded id.
 */
export async function* threadsOfRun(
  { connection, keyPrefix, limits }: Pick<SaverContext, "connection" | "keyPrefix" | "limits">,
  run: string,
): AsyncGenerator<readonly string[]> {
  const prefix = `r:${run}:`;
  let due = Array.from({ length: PARTITIONS }, (_, partition) => {
    return { key: partitionKeys(keyPrefix, partition).runs, from: `[${prefix}` };
  });
  while (due.length > 0) {
    // ";" comes after ":", which ends the run's id in a member.
    const ranges = due.map(({ key, from }) => {
      return { key, args: ["ZRANGEBYLEX", key, from, `(r:${run};`, "LIMIT", "0", String(limits.runsPage)] };
    });
    const pages = (await executeAll(connection, ranges)).map((reply) => {
      if (reply instanceof Error) throw reply;
      return (reply as Reply[]).map(String);
    });
    yield pages.flat().map((member) => decodeKeyPart(member.slice(prefix.length)));
    due = due.flatMap(({ key }, at) => {
      const page = pages[at] as string[];
      return page.length < limits.runsPage ? [] : [{ key, from: `(${page.at(-1)}` }];
    });
  }
}

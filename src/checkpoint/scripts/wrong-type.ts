import { CorruptRecordError } from "../../errors.js";
import type { Connection } from "../../redis/command.js";
import type { PipelineEntry } from "../../redis/script.js";

/** The types of the keys of a thread, by the last part of their names; see keys.ts. */
const TYPES: Readonly<Record<string, string>> = {
  checkpoints: "hash",
  index: "zset",
  chunks: "hash",
  threads: "zset",
  created: "zset",
  expires: "zset",
  runs: "zset",
};

export function isWrongType(error: Error): boolean {
  return /\bWRONGTYPE\b/.test(error.message);
}

/**
 * The error for a key that holds a value of another type than ours: another program has written to it. Redis does not
 * say which key of a script that is, so all of them are asked for their types.
 */
export async function wrongTypeError(
  connection: Connection,
  entry: PipelineEntry,
  cause: Error,
): Promise<CorruptRecordError> {
  const keys = "script" in entry ? entry.keys : [entry.key];
  const types = await connection.pipeline(keys.map((key) => ({ key, args: ["TYPE", key] })));
  const wrong = keys.findIndex((key, at) => {
    // An error is no type: the user may lack the right to ask.
    if (types[at] instanceof Error) return false;
    const [type, expected] = [String(types[at]), TYPES[key.slice(key.lastIndexOf(":") + 1)]];
    return expected !== undefined && type !== expected && type !== "none";
  });
  const location = { key: keys[Math.max(wrong, 0)] as string };
  return new CorruptRecordError("a key holds another type of value than is stored there", location, {
    cause,
  });
}

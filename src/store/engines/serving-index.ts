import type { Connection } from "../../redis/command.js";
import { execute, Script } from "../../redis/script.js";
import type { StoreKeys } from "../keys.js";
import type { StoreSettings } from "../options.js";
import { callForEach } from "../partitions.js";
import { runTask } from "../pipeline.js";
import defineSource from "./define.lua";
import { defineIndex, parseStoredIndex, type StoredIndex } from "./index-definition.js";
import serveSource from "./serve.lua";

// Which index serves is said by one key, the definition. As no script can change keys in several slots of a cluster at one
// moment, each partition has a copy of it, which puts into the partition are checked against. The definition is changed
// first, then the copies, one by one; whoever changes it describes anew what was put in between for the index before.

const DEFINE = new Script(defineSource);
const SERVE = new Script(serveSource);

/** What is needed of a store to know its index. */
interface ServingContext {
  connection: Connection;
  keys: StoreKeys;
  settings: StoreSettings;
}

/** Why puts were refused. */
export interface Refusal {
  /** The newest definition of the index that a partition has which refused one. */
  seen: string;
  /** Whether a partition has none. */
  repair: boolean;
}

/** The definition of the index that serves. `undefined` when there is none. */
export async function readServingIndex({
  connection,
  keys,
}: Pick<ServingContext, "connection" | "keys">): Promise<StoredIndex | undefined> {
  const { definition: key } = keys;
  const stored = await execute(connection, { key, args: ["GET", key] });
  return stored === null ? undefined : parseStoredIndex(String(stored), key);
}

/**
 * Agrees with all other clients on the index that serves: the first one defines it, all read it.
 *
 * @param refusal What is known of partitions that refused a put. A definition that one of them has counts when the
 * definition itself is older, or is lost.
 */
export async function agreeOnIndex(
  { connection, keys, settings }: ServingContext,
  refusal: Refusal = { seen: "", repair: false },
): Promise<StoredIndex> {
  const present = await readServingIndex({ connection, keys });
  if (present && fenceOf(refusal.seen) <= present.fence) {
    if (refusal.repair) await serveInPartitions({ connection, keys, settings }, present);
    return present;
  }
  const { definition: key } = keys;
  const copy = present ? "" : await serve({ connection, keys, settings }, "");
  const args = [JSON.stringify(defineIndex(settings)), newestDefinition([refusal.seen, copy])];
  const index = parseStoredIndex(String(await execute(connection, DEFINE.call([key], args))), key);
  await serveInPartitions({ connection, keys, settings }, index);
  return index;
}

/** Makes all partitions refuse what was made for an index before this one. */
export async function serveInPartitions(context: ServingContext, { text }: StoredIndex): Promise<void> {
  await serve(context, text);
}

/** The newest of some definitions, of which "" is none. */
export function newestDefinition(texts: readonly string[]): string {
  return texts.reduce((newest, text) => (fenceOf(text) > fenceOf(newest) ? text : newest), "");
}

/** @returns the newest definition that a partition has, or "". */
async function serve({ connection, keys, settings }: ServingContext, text: string): Promise<string> {
  const answers = await runTask(
    connection,
    callForEach(keys.partitions, settings.limits, (group) =>
      SERVE.call(
        group.map(({ serving }) => serving),
        [text],
      ),
    ),
  );
  return newestDefinition(answers.map(({ reply }) => String(reply)));
}

function fenceOf(text: string): number {
  return Number.parseInt(text, 10) || 0;
}

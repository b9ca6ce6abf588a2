import type { ServerNode } from "../connection.js";
import type { InspectContext } from "./context.js";
import type { MemorySample } from "./types.js";

/** How many keys each server is asked for. */
const DRAWN = 500;
/** Entries of a key that the server looks at for its size. */
const ENTRIES = "50";

/** What takes memory: keys drawn at random, each kind with what its keys take. */
export async function sampleMemory({ server, keyPrefix }: InspectContext): Promise<MemorySample> {
  const nodes = await server.nodes();
  const kinds = new Map<string, { keys: number; bytes: number }>();
  let sampled = 0;
  for (const [key, bytes] of (await Promise.all(nodes.map(drawKeys))).flat()) {
    sampled += 1;
    const kind = kindOf(key, keyPrefix);
    const known = kinds.get(kind) ?? { keys: 0, bytes: 0 };
    kinds.set(kind, { keys: known.keys + 1, bytes: known.bytes + bytes });
  }
  const rows = [...kinds].map(([kind, totals]) => ({ kind, ...totals }));
  return { kinds: rows.sort((a, b) => b.bytes - a.bytes), sampled };
}

async function drawKeys(node: ServerNode): Promise<[key: string, bytes: number][]> {
  const drawn = await Promise.all(Array.from({ length: DRAWN }, () => node.send("RANDOMKEY")));
  const keys = [...new Set(drawn.filter((key) => typeof key === "string"))];
  return Promise.all(
    keys.map(async (key): Promise<[string, number]> => {
      const bytes = await node.send("MEMORY", "USAGE", key, "SAMPLES", ENTRIES).catch(refusedKey);
      // A key that has gone meanwhile takes nothing.
      return [key, Number(bytes ?? 0)];
    }),
  );
}

/** Keys of other prefixes need not be open to this user. */
function refusedKey(error: Error): number {
  if (error.message.startsWith("NOPERM")) return 0;
  throw error;
}

/** Of keys below the prefix, by the end of their names: what stands before it is encoded, and has no colons. */
const KINDS: readonly [pattern: RegExp, kind: string][] = [
  [/^\{\d+\}:thread:[^:]*:checkpoints$/, "threads: checkpoints"],
  [/^\{\d+\}:thread:[^:]*:index$/, "threads: order and pending writes"],
  [/^\{\d+\}:thread:[^:]*:chunks$/, "threads: values"],
  [/^\{\d+\}:(threads|created|expires|runs)$/, "threads: lists of them"],
  [/^store:doc:/, "store: items"],
  [/^store:/, "store: lists and definition"],
];

function kindOf(key: string, keyPrefix: string): string {
  if (!key.startsWith(`${keyPrefix}:`)) return "other prefixes and programs";
  const rest = key.slice(keyPrefix.length + 1);
  return KINDS.find(([pattern]) => pattern.test(rest))?.[1] ?? "other keys of this prefix";
}

import { executeAll } from "../../redis/script.js";
import type { StoreContext } from "../context.js";
import { FIELD } from "../items/item.js";

/** See {@link RedisStore.countVectors}. */
export async function countVectors(
  { connection, keys }: Pick<StoreContext, "connection" | "keys">,
  namespace: string[],
  key: string,
): Promise<number> {
  const { document } = keys.ofItem(namespace, key);
  const [described, names] = await executeAll(connection, [
    { key: document, args: ["HMGET", document, FIELD.generation, FIELD.parts] },
    { key: document, args: ["HKEYS", document] },
  ]);
  for (const reply of [described, names]) if (reply instanceof Error) throw reply;
  const [generation, parts] = described as [Buffer | null, Buffer | null];
  if (generation === null) return 0;
  const own = (names as Buffer[]).map(String).includes(FIELD.vector(Number(generation))) ? 1 : 0;
  // Each further vector has a document of its own, named after the generation.
  const further = String(parts ?? "")
    .split(" ")
    .filter((part) => part.startsWith(`${generation}.`));
  return own + further.length;
}

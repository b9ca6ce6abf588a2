import { createClient } from "redis";

export interface StoredKey {
  key: string;
  type: string;
  bytes: number;
}

export interface StoredIndex {
  name: string;
  documents: number;
  /** Name and type, for example `vector VECTOR`. */
  fields: string[];
}

export interface Stored {
  keys: StoredKey[];
  indexes: StoredIndex[];
}

/** Looks at everything under a prefix: keys with their type and memory, and search indexes. */
export async function inspect(url: string, prefix: string): Promise<Stored> {
  // RESP2, because search engines of different ages shape this one reply alike only there.
  const client = createClient({ url, RESP: 2 });
  client.on("error", () => undefined); // whoever awaits a command sees its error
  await client.connect();
  try {
    const names: string[] = [];
    for await (const page of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) names.push(...page);
    const keys = await Promise.all(
      names.sort().map(async (key) => {
        const [type, size] = await Promise.all([client.type(key), client.memoryUsage(key)]);
        return { key, type, bytes: size ?? 0 };
      }),
    );
    const all = (await client.sendCommand(["FT._LIST"])) as unknown as string[];
    const own = all.filter((name) => name.startsWith(prefix)).sort();
    const indexes = await Promise.all(
      own.map(async (name) => indexOf(name, await client.sendCommand(["FT.INFO", name]))),
    );
    return { keys, indexes };
  } finally {
    await client.close();
  }
}

function indexOf(name: string, reply: unknown): StoredIndex {
  const info = pairs(reply);
  const attributes = info.get("attributes");
  const fields = (Array.isArray(attributes) ? attributes : []).map((attribute: unknown) => {
    const field = pairs(attribute);
    return [field.get("identifier"), field.get("type"), field.get("algorithm")].filter(Boolean).join(" ");
  });
  return { name, documents: Number(info.get("num_docs")), fields };
}

/** A flat list of names and values, as Redis sends a map in RESP2. */
function pairs(reply: unknown): Map<string, unknown> {
  const list = Array.isArray(reply) ? reply : [];
  const map = new Map<string, unknown>();
  for (let at = 0; at + 1 < list.length; at += 2) map.set(String(list[at]), list[at + 1]);
  return map;
}

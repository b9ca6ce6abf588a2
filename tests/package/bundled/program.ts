import { Redis } from "ioredis";
import { BatchError, InvalidInputError, type RedisClient, RedisSaver, RedisStore } from "langgraph-redis";
import { fromIoredis } from "langgraph-redis/ioredis";
import { createClient } from "redis";

/**
 * Takes a saver and a store through everything in which a reply of Redis has to be told from a failed connection. It is
 * bundled and minified, and run against a server of its own: `node bundle.mjs <url> <path of an unbundled node-redis>`.
 */
const [url = "", unbundledRedis = ""] = process.argv.slice(2);
const admin = await createClient({ url }).connect();
await admin.flushAll();
const commandTimeout = 3_000;

const open: Record<string, (keyPrefix: string) => Promise<[RedisSaver, RedisStore, () => unknown]>> = {
  "connections of the package": async (keyPrefix) => [
    await RedisSaver.fromConnString(url, { keyPrefix, commandTimeout }),
    await RedisStore.fromConnString(url, { keyPrefix, commandTimeout, ...indexed() }),
    () => {},
  ],
  "node-redis": async (keyPrefix) => {
    const client = createClient({ url });
    client.on("error", () => {});
    await client.connect();
    return [...withClient(client, keyPrefix), () => client.close()];
  },
  "another copy of node-redis": async (keyPrefix) => {
    const { default: copy } = await import(/* @vite-ignore */ /* webpackIgnore: true */ unbundledRedis);
    const client: ReturnType<typeof createClient> = copy.createClient({ url });
    client.on("error", () => {});
    await client.connect();
    return [...withClient(client, keyPrefix), () => client.close()];
  },
  ioredis: async (keyPrefix) => {
    const redis = new Redis(url);
    redis.on("error", () => {});
    return [...withClient(fromIoredis(redis), keyPrefix), () => redis.disconnect()];
  },
};

function withClient(client: RedisClient, keyPrefix: string): [RedisSaver, RedisStore] {
  return [
    new RedisSaver({ client, keyPrefix, commandTimeout }),
    new RedisStore({ client, keyPrefix, commandTimeout, ...indexed() }),
  ];
}

/** A model that knows two directions. */
function indexed() {
  const embed = (text: string) => (text.includes("tea") ? [1, 0] : [0, 1]);
  const embeddings = {
    embedQuery: async (text: string) => embed(text),
    embedDocuments: async (texts: string[]) => texts.map(embed),
  };
  return { engine: "search" as const, index: { dims: 2, embeddings } };
}

for (const [name, connect] of Object.entries(open)) {
  const keyPrefix = name.replaceAll(" ", "-");
  const [saver, store, close] = await connect(keyPrefix);
  const seen: Record<string, unknown> = {};

  await admin.sendCommand(["SCRIPT", "FLUSH"]);
  await put(saver, "before");
  await admin.sendCommand(["SCRIPT", "FLUSH"]);
  seen.scriptsForgotten = await read(saver, "before");

  await store.put(["drinks"], "a", { text: "tea" });
  await store.put(["drinks"], "b", { text: "coffee" });
  for (const index of (await admin.sendCommand(["FT._LIST"])) as unknown as string[]) {
    await admin.sendCommand(["FT.DROPINDEX", index]);
  }
  seen.indexDropped = await search(store);

  const [document = ""] = await admin.keys(`${keyPrefix}:store:doc:*:b`);
  await admin.set(document, "not a hash");
  const failed = await store
    .batch([
      { namespace: ["drinks"], key: "a", value: { text: "green tea" } },
      { namespace: ["drinks"], key: "b", value: { text: "coffee" } },
      { namespace: ["drinks"], key: "c", value: { text: "juice" } },
    ])
    .then(String, (error: unknown) => error);
  seen.errorReply =
    failed instanceof BatchError
      ? failed.failures.map(
          ({ index, error }) => `${index}: ${/WRONGTYPE|no answer/.exec(error.message)?.[0]}`,
        )
      : String(failed);
  seen.othersOfTheBatch = [
    (await store.get(["drinks"], "a"))?.value,
    (await store.get(["drinks"], "c"))?.value,
  ];

  const threads = Array.from({ length: 50 }, (_, at) => `thread ${at}`);
  const puts = threads.map((thread) => put(saver, thread));
  await admin.sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
  puts.push(...threads.map((thread) => put(saver, `${thread}, later`)));
  const outcomes = await Promise.allSettled(puts);
  seen.connectionDropped = outcomes.filter(({ status }) => status === "fulfilled").length;

  await saver.end();
  await store.stop();
  await close();
  console.log(JSON.stringify({ [name]: seen }));
}
const refused = await RedisSaver.fromConnString("redis://:%zz@127.0.0.1:1").catch((error: unknown) => error);
console.log(JSON.stringify({ undecodablePassword: refused instanceof InvalidInputError }));
admin.destroy();

async function put(saver: RedisSaver, threadId: string): Promise<void> {
  await saver.put(
    { configurable: { thread_id: threadId, checkpoint_ns: "" } },
    {
      v: 4,
      id: "1ef4f797-8335-6428-8001-8a1503f9b875",
      ts: "2024-04-19T17:19:07.952Z",
      channel_values: { color: "red" },
      channel_versions: { color: 1 },
      versions_seen: {},
    },
    { source: "loop", step: 1, parents: {} },
    { color: 1 },
  );
}

async function read(saver: RedisSaver, threadId: string): Promise<unknown> {
  const tuple = await saver.getTuple({ configurable: { thread_id: threadId } });
  return tuple?.checkpoint.channel_values;
}

/** Searches until the index, which Redis fills in the background, has both items again. */
async function search(store: RedisStore): Promise<unknown> {
  for (let attempt = 0; ; attempt++) {
    const found = await store.search(["drinks"], { query: "tea" });
    if (found.length === 2 || attempt === 100) return found.map(({ key }) => key);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

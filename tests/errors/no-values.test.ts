import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { inspect } from "node:util";
import fc from "fast-check";
import { BatchError, LangGraphRedisError, RedisCache, RedisSaver, RedisStore } from "langgraph-redis";
import { fromIoredis } from "langgraph-redis/ioredis";
import { beforeAll, describe, expect, test } from "vitest";
import { connect, freshPrefix, plainRedisUrl, type TestClient } from "../helpers/redis.js";

/** What must not be found in any message. Its digits are also given as a number. */
const MARK = "918273645";

/** Values of every type that hold the mark. */
function marked(text: string): Record<string, unknown> {
  const failing = () => {
    throw new Error(text);
  };
  return {
    string: text,
    number: Number(MARK) + 0.5,
    bigint: BigInt(MARK),
    symbol: Symbol(text),
    function: () => text,
    array: [text],
    object: { text, nested: { text } },
    Map: new Map([[text, text]]),
    Set: new Set([text]),
    Error: new Error(text),
    bytes: Buffer.from(text),
    "object that calls itself so": { constructor: { name: text }, [Symbol.toStringTag]: text },
    "object whose toJSON fails": { toJSON: failing },
    "object with a failing property": Object.defineProperty({}, "text", { get: failing, enumerable: true }),
    "string in an invalid place": { text, invalid: Symbol(text), deep: [{ at: () => text }] },
  };
}

/** Everything that is printed of an error but its causes, which are not ours. */
function exposed(error: unknown): string {
  const errors = [
    error,
    ...(error instanceof BatchError ? error.failures.map((failure) => failure.error) : []),
  ] as Error[];
  for (const each of errors) {
    if (each.cause instanceof LangGraphRedisError) errors.push(each.cause);
  }
  const causes = errors.map((each) => each.cause);
  for (const each of errors) delete each.cause;
  const texts = errors.flatMap((each) => [
    each.message,
    String(each),
    each.stack?.split("\n    at ")[0],
    JSON.stringify(each),
    inspect(each, { depth: 10, maxStringLength: null }),
  ]);
  errors.forEach((each, at) => {
    each.cause = causes[at];
  });
  return texts.join("\n");
}

type Action = (value: never, text: string) => unknown;

/**
 * Does something wrong with marked values and looks at the errors.
 *
 * @param actions Done with each kind of value.
 * @param textActions Done with marked texts only.
 */
async function expectNoMark(
  actions: Record<string, Action>,
  textActions: Record<string, (text: string) => unknown> = {},
): Promise<void> {
  const thrown = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 4 }), fc.string({ maxLength: 90 }), async (before, after) => {
      const text = `${before}${MARK}${after}`;
      const check = async (name: string, kind: string, work: () => unknown) => {
        const outcome = await Promise.resolve()
          .then(work)
          .then(
            () => undefined,
            (error: unknown) => ({ error }),
          );
        if (!outcome) return;
        thrown.add(name);
        expect(outcome.error, `${name}, ${kind}`).toBeInstanceOf(Error);
        expect(exposed(outcome.error), `${name}, ${kind}`).not.toContain(MARK);
      };
      for (const [name, action] of Object.entries(actions)) {
        for (const [kind, value] of Object.entries(marked(text))) {
          await check(name, kind, () => action(value as never, text));
        }
      }
      for (const [name, action] of Object.entries(textActions)) await check(name, "text", () => action(text));
    }),
    { numRuns: 3 },
  );
  // An action that never fails tests nothing.
  expect(Object.keys({ ...actions, ...textActions }).filter((name) => !thrown.has(name))).toEqual([]);
}

/** Where an id, a key or a namespace is expected, which may be shown, texts are none of these values. */
const noId =
  (action: (value: never) => unknown): Action =>
  (value) =>
    typeof value === "string" || Array.isArray(value) ? undefined : action(value);

/** Where a number is expected, a number may be shown. */
const noNumber =
  (action: (value: never) => unknown): Action =>
  (value) =>
    typeof value === "number" ? undefined : action(value);

let client: TestClient;
beforeAll(async () => {
  client = await connect(plainRedisUrl());
});

const NOWHERE = "127.0.0.1:1";
const options = { commandTimeout: 50 };

describe("no message holds a value or a secret of", () => {
  test("the URL and the credentials", async () => {
    const { fromConnString, fromCluster, fromSentinel } = RedisSaver;
    const node = { host: "127.0.0.1", port: 1 };
    const encoded = (text: string) => encodeURIComponent(text);
    await expectNoMark(
      {
        "anything as URL": (value) => fromConnString(value, options),
        "anything as node": (value) => fromCluster([value], options),
        "anything as URL of a node": (value) => fromCluster([{ url: value }], options),
        "anything as Sentinels": (value) => fromSentinel({ name: "a", sentinelRootNodes: value }, options),
        "anything as group": (value) => fromSentinel(value, options),
        "anything as password": (value) =>
          fromSentinel({ name: "a", sentinelRootNodes: [node], password: value }, options),
      },
      {
        "password, no server": (text) => fromConnString(`redis://:${encoded(text)}@${NOWHERE}`, options),
        "password, no percent-encoding": (text) => fromConnString(`redis://:${text}%zz@${NOWHERE}`, options),
        "password with a question mark": (text) =>
          fromConnString(`redis://user:1?${text}@${NOWHERE}`, options),
        "password, no URL": (text) => fromConnString(`redis//:${text}@${NOWHERE}`, options),
        "password as database": (text) => fromConnString(`redis://${NOWHERE}/${text}x`, options),
        "store's password": (text) =>
          RedisStore.fromConnString(`redis://:${encoded(text)}@${NOWHERE}`, options),
        "password of a cluster": (text) => fromCluster([`redis://:${encoded(text)}@${NOWHERE}`], options),
        "passwords of Sentinels": (text) =>
          fromSentinel(
            { name: "a", sentinelRootNodes: [node], password: text, sentinelPassword: text },
            options,
          ),
      },
    );
  }, 120_000);

  test.each([
    [
      "as Redis does",
      (args: string) => `-ERR unknown command 'HELLO', with args beginning with: ${args}\r\n`,
    ],
    ["in a way of its own", (args: string) => `-ERR what is <${args}>, and why ${args}?\r\n`],
  ])("a server that quotes commands %s", async (_, answer) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (data) => {
        const args = data
          .toString()
          .split("\r\n")
          .filter((line) => line !== "" && !/^[*$]/.test(line));
        socket.write(answer(args.map((arg) => `'${arg}'`).join(" ")));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    for (const password of [MARK, `a ${MARK}`, "x"]) {
      const url = `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`;
      const group = { name: "a", sentinelRootNodes: [{ host: "127.0.0.1", port }] };
      const attempts = [
        () => RedisSaver.fromConnString(url, options),
        () => RedisSaver.fromCluster([url], options),
        () => RedisSaver.fromCluster([`redis://${NOWHERE}`, url], options),
        () => RedisSaver.fromCluster([`redis://:other@127.0.0.1:${port}`, url], options),
        () => RedisSaver.fromSentinel({ ...group, sentinelPassword: password }, options),
      ];
      for (const attempt of attempts) {
        const error = await attempt().catch((failure: unknown) => failure);
        expect(error).toBeInstanceOf(LangGraphRedisError);
        expect(exposed(error)).not.toContain(MARK);
        expect(exposed(error)).not.toContain("'x'");
      }
    }
    server.close();
  });

  test("the options of a saver and a store", async () => {
    const embeddings = { embedQuery: async () => [1], embedDocuments: async () => [[1]] };
    const store = (index: object, more: object = {}) =>
      new RedisStore({ client, ...more, index: { dims: 1, embeddings, ...index } as never });
    await expectNoMark(
      {
        client: (value) => new RedisSaver({ client: value }),
        "client of a store": (value) => new RedisStore({ client: value }),
        "ioredis client": (value) => fromIoredis(value),
        "all options": (value) => new RedisSaver(value),
        "options of a connection": (value) => RedisSaver.fromConnString(`redis://${NOWHERE}`, value),
        commandTimeout: noNumber((value) => new RedisSaver({ client, commandTimeout: value })),
        keyPrefix: noId((value) => new RedisSaver({ client, keyPrefix: value })),
        ttl: noNumber((value) => new RedisSaver({ client, ttl: value })),
        defaultTTL: noNumber((value) => new RedisSaver({ client, ttl: { defaultTTL: value } })),
        history: (value) => new RedisSaver({ client, history: value }),
        compression: (value) => new RedisSaver({ client, compression: { algorithm: value } }),
        threshold: noNumber((value) => new RedisSaver({ client, compression: { threshold: value } })),
        "ttl of a store": noNumber((value) => new RedisStore({ client, ttl: { defaultTTL: value } })),
        engine: (value) => new RedisStore({ client, engine: value }),
        index: (value) => new RedisStore({ client, index: value }),
        embeddings: (value) => store({ embeddings: value }),
        fields: (value) => store({ fields: value === null || Array.isArray(value) ? 1 : value }),
        distance: (value) => store({ distance: value }),
        model: (value) => store({ model: typeof value === "string" ? 1 : value }),
      },
      {
        "embeddings with a key": (text) => store({ embeddings: { apiKey: text } }),
      },
    );
  });

  test("checkpoints, their metadata and writes, and the arguments of a saver", async () => {
    const saver = new RedisSaver({ client, keyPrefix: freshPrefix() });
    const config = (threadId = randomUUID()) => ({
      configurable: { thread_id: threadId, checkpoint_ns: "" },
    });
    const checkpoint = (value: unknown) => ({
      v: 4,
      id: "1ef4f797-8335-6428-8001-8a1503f9b875",
      ts: "2024-04-19T17:19:07.952Z",
      channel_values: { a: value },
      channel_versions: { a: 1 },
      versions_seen: {},
    });
    const metadata = { source: "loop" as const, step: 1, parents: {} };
    const put = (on: RedisSaver, value: unknown, extra: object = {}) =>
      on.put(config(), checkpoint(value), { ...metadata, ...extra }, { a: 1 });
    const withSerde = (serde: object) =>
      new RedisSaver({ client, keyPrefix: freshPrefix(), serde: serde as never });
    const failing = (text: string) => async () => {
      throw Object.assign(new Error(text), { name: text, code: `${text}!` });
    };
    await expectNoMark(
      {
        value: (value) => put(saver, { value, bad: 1n }),
        metadata: (value) => put(saver, 1, { value, bad: 1n }),
        write: async (value) => saver.putWrites(await put(saver, 1), [["a", { value, bad: 1n }]], "task"),
        task: noId(async (value) => saver.putWrites(await put(saver, 1), [["a", 1]], value)),
        "anything as checkpoint": (value) => saver.put(config(), value, metadata, {}),
        thread: noId((value) => saver.getTuple({ configurable: { thread_id: value } })),
        namespace: noId((value) =>
          saver.getTuple({ configurable: { thread_id: "t", checkpoint_ns: value } }),
        ),
        limit: noNumber(async (value) => {
          for await (const _ of saver.list(config(), { limit: value })) break;
        }),
        "limit of threads": noNumber((value) => saver.listThreads({ limit: value })),
        before: (value) => saver.listThreads({ before: value }),
        strategy: (value) => saver.prune(["t"], { strategy: value }),
        keepLast: noNumber((value) => saver.prune(["t"], { strategy: "keep_latest", keepLast: value })),
        run: noId((value) => saver.deleteForRuns([value])),
        minutes: noNumber((value) => saver.expire("t", value)),
      },
      {
        "value, failing serde": (text) => put(withSerde({ dumpsTyped: failing(text) }), 1),
        "value, failing to be read": async (text) => {
          const other = withSerde({
            dumpsTyped: async () => ["json", Buffer.from(text)],
            loadsTyped: failing(text),
          });
          await other.getTuple(await put(other, 1));
        },
        "value that is no JSON": async (text) => {
          const other = withSerde({
            dumpsTyped: async () => ["json", Buffer.from(text)],
            loadsTyped: async (_type: string, data: Uint8Array) => JSON.parse(`{${Buffer.from(data)}`),
          });
          await other.getTuple(await put(other, 1));
        },
        "altered value": async (text) => {
          const keyPrefix = freshPrefix();
          const other = new RedisSaver({ client, keyPrefix });
          const stored = await put(other, { text: text.repeat(40) });
          for (const key of await client.keys(`${keyPrefix}*chunks`)) {
            for (const field of await client.hKeys(key)) await client.hSet(key, field, `j{${text}`);
          }
          await new RedisSaver({ client, keyPrefix }).getTuple(stored);
        },
        "altered checkpoint": async (text) => {
          const keyPrefix = freshPrefix();
          const other = new RedisSaver({ client, keyPrefix });
          const stored = await put(other, 1);
          for (const key of await client.keys(`${keyPrefix}*checkpoints`)) {
            for (const field of await client.hKeys(key)) await client.hSet(key, field, `{"${text}`);
          }
          await new RedisSaver({ client, keyPrefix }).getTuple(stored);
        },
      },
    );
  }, 120_000);

  test("the options, keys and entries of a cache", async () => {
    // What it does not throw is what it tells.
    const onError = (error: Error) => {
      told = error;
    };
    let told: Error | undefined;
    const cache = new RedisCache({ client, keyPrefix: freshPrefix(), onError });
    const set = async (pair: unknown) => {
      told = undefined;
      await cache.set([pair] as never);
      if (told) throw told;
    };
    await expectNoMark({
      ttl: noNumber((value) => new RedisCache({ client, ttl: value })),
      serde: (value) => new RedisCache({ client, serde: value }),
      encryption: (value) => new RedisCache({ client, encryption: value }),
      key: noNumber((value) => new RedisCache({ client, encryption: { keys: { a: value }, current: "a" } })),
      "a value that cannot be stored": (value) =>
        set({ key: [["a"], "k"], value: { value, bad: Symbol("a") } }),
      "anything as entry": (value) => set(value),
      "ttl of an entry": noNumber((value) => set({ key: [["a"], "k"], value, ttl: String(value) })),
      "anything as keys": (value) => cache.get(Array.isArray(value) ? (1 as never) : value),
      "anything as namespaces": (value) => cache.clear(Array.isArray(value) ? (1 as never) : value),
    });
  }, 60_000);

  test("items, queries, filters and vectors", async () => {
    const keyPrefix = freshPrefix();
    const store = new RedisStore({ client, keyPrefix });
    const withModel = (model: object) =>
      new RedisStore({
        client,
        keyPrefix: freshPrefix(),
        index: {
          dims: 2,
          embeddings: {
            embedQuery: async () => [1, 1],
            embedDocuments: async () => [[1, 1]],
            ...model,
          } as never,
        },
      });
    const failing = (text: string) => async () => {
      throw Object.assign(new Error(text), { status: 401, code: `${text}!` });
    };
    const put = (on: RedisStore, text: string) => on.put(["a"], "k", { text });
    await expectNoMark(
      {
        "a value that cannot be stored": (value) => store.put(["a"], "k", { value, bad: Symbol("a") }),
        "anything as value": (value) =>
          store.put(["a"], "k", Array.isArray(value) ? value : ([value] as never)),
        index: (value) => store.put(["a"], "k", {}, Array.isArray(value) ? (1 as never) : value),
        ttl: noNumber((value) => store.put(["a"], "k", {}, { ttl: value } as never)),
        ifVersion: noNumber((value) => store.put(["a"], "k", {}, { ifVersion: value } as never)),
        key: noId((value) => store.get(["a"], value)),
        namespace: noId((value) => store.put(value, "k", {})),
        label: noId((value) => store.put([value], "k", {})),
        query: noId((value) => store.search(["a"], { query: value })),
        mode: (value) => store.search(["a"], { query: "a", mode: value }),
        limit: noNumber((value) => store.search(["a"], { limit: value })),
        filter: (value) => store.search(["a"], { filter: value }),
        $gt: (value) => store.search(["a"], { filter: { f: { $gt: value, $lt: [value] } } }),
        $in: (value) => store.search(["a"], { filter: { f: { $in: Array.isArray(value) ? 1 : value } } }),
        $exists: (value) => store.search(["a"], { filter: { f: { $exists: value } } }),
        $eq: (value) => store.search(["a"], { filter: { f: { $eq: { value, bad: Symbol("a") } } } }),
        "unknown operator": (value) => store.search(["a"], { filter: { f: { $no: value } } }),
        namespaces: noNumber((value) => store.listNamespaces({ limit: value })),
        "anything as batch": (value) => store.batch(value),
        "anything as operation": (value) => store.batch([value]),
        "a batch of which one fails": async (value) => {
          await store.put(["a"], "conflict", { value: String(MARK) });
          await store.batch([
            { namespace: ["a"], key: "b", value: { value: MARK } },
            { namespace: ["a"], key: "conflict" },
            { namespace: ["a"], key: "conflict", value: { value: MARK }, ifAbsent: true } as never,
            { namespace: ["a"], key: "c", value: { value, bad: Symbol("a") } },
          ]);
        },
        "a text, no vectors": (value, text) => put(withModel({ embedDocuments: async () => value }), text),
        "a text, no vector": (value, text) => put(withModel({ embedDocuments: async () => [value] }), text),
        "a text, no numbers": (value, text) =>
          put(
            withModel({ embedDocuments: async () => [[1, typeof value === "symbol" ? text : value]] }),
            text,
          ),
      },
      {
        "an item on another type": async (text) => {
          await store.put(["a"], "string", { text });
          for (const key of await client.keys(`${keyPrefix}:store:doc:*:string`)) await client.set(key, text);
          await store.put(["a"], "string", { text });
        },
        "an altered item": async (text) => {
          await store.put(["a"], "altered", { text });
          for (const key of await client.keys(`${keyPrefix}:store:doc:*:altered`)) {
            for (const field of await client.hKeys(key)) await client.hSet(key, field, `{${text}`);
          }
          await store.get(["a"], "altered");
        },
        "a text, failing model": (text) => put(withModel({ embedDocuments: failing(text) }), text),
        "a query, failing model": (text) =>
          withModel({ embedQuery: failing(text) }).search(["a"], { query: text }),
        "a text, short vector": (text) => put(withModel({ embedDocuments: async () => [[1]] }), text),
        "a query, no numbers": (text) =>
          withModel({ embedQuery: async () => [text, text] }).search(["a"], { query: text }),
      },
    );
  }, 120_000);
});

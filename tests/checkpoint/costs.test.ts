import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { RedisSaver } from "langgraph-redis";
import { expect, test } from "vitest";
import { threadKeys } from "../../src/checkpoint/keys.js";
import { config, id, list, put, values } from "../conformance/saver/steps.js";
import { ENCRYPTION } from "../helpers/encryption.js";
import { connect, freshPrefix, plainRedisUrl, proxied, redisUrl, type TestClient } from "../helpers/redis.js";

test.each([
  ["with modules", redisUrl],
  ["without modules", plainRedisUrl],
])(
  "put, putWrites, getTuple, list and deleteThread take one round trip each, on a server %s",
  async (_, url) => {
    const proxy = await proxied(url());
    const client = await connect(proxy.url);
    const keyPrefix = freshPrefix();
    const saver = () => new RedisSaver({ client, keyPrefix });
    const warm = saver();
    const roundTrips = async (work: () => Promise<unknown>) => {
      proxy.reset();
      await work();
      return proxy.roundTrips;
    };
    const state = (n: number) => ({
      l: Array.from({ length: 5 + n }, (_, at) => message(at)),
      last: message(4 + n),
    });
    const step = (by: RedisSaver, n: number, thread = "t") =>
      put(by, thread, { id: id(n), parent: id(n - 1), values: state(n), versions: { l: n, last: n } });
    // Each script is loaded by its first call.
    await step(warm, 1, "other");
    await warm.putWrites(config("other", "", id(1)), [["l", 1]], "task");
    await list(warm, config("other"), { filter: { step: 0 } });
    await values(warm, config("other"));
    await warm.deleteThread("other");

    expect({
      "first put": await roundTrips(() => step(warm, 1)),
      put: await roundTrips(() => step(warm, 2)),
      "put by another client": await roundTrips(() => step(saver(), 3)),
      "put of what another client put on": await roundTrips(() => step(warm, 4)),
      putWrites: await roundTrips(() =>
        warm.putWrites(
          config("t", "", id(4)),
          [
            ["l", message(99)],
            ["l", 2],
          ],
          "task",
        ),
      ),
      "getTuple, cold": await roundTrips(() => values(saver(), config("t"))),
      "getTuple, warm": await roundTrips(() => values(warm, config("t"))),
      "getTuple, again": await roundTrips(() => values(warm, config("t"))),
      "getTuple by id": await roundTrips(() => values(warm, config("t", "", id(2)))),
      "getTuple of a thread that is not there": await roundTrips(() => values(warm, config("none"))),
      list: await roundTrips(() => list(warm, config("t"))),
      "list with a limit": await roundTrips(() =>
        list(warm, config("t"), { limit: 1, before: config("t", "", id(3)) }),
      ),
      "list with a filter": await roundTrips(() => list(warm, config("t"), { filter: { step: 0 } })),
      "list with a filter that nothing matches": await roundTrips(() =>
        list(warm, config("t"), { filter: { step: 7 } }),
      ),
      deleteThread: await roundTrips(() => warm.deleteThread("t")),
    }).toEqual({
      "first put": 1,
      put: 1,
      "put by another client": 1,
      "put of what another client put on": 1,
      putWrites: 1,
      "getTuple, cold": 1,
      "getTuple, warm": 1,
      "getTuple, again": 1,
      "getTuple by id": 1,
      "getTuple of a thread that is not there": 1,
      list: 1,
      "list with a limit": 1,
      "list with a filter": 2,
      "list with a filter that nothing matches": 1,
      deleteThread: 1,
    });
    expect(proxy.commands.filter((name) => ["KEYS", "SCAN", "HSCAN", "MODULE"].includes(name))).toEqual([]);
  },
);

test("getTuple takes one round trip for a value that is in a list as well", async () => {
  const proxy = await proxied();
  const saver = new RedisSaver({ client: await connect(proxy.url), keyPrefix: freshPrefix() });
  const last = message(7);
  await put(saver, "t", { id: id(1), values: { l: [message(1)], last } });
  const state = { l: [message(1), last], last };
  await put(saver, "t", {
    id: id(2),
    parent: id(1),
    values: state,
    versions: { l: 2, last: 1 },
    changed: ["l"],
  });
  await values(saver, config("t"));
  for (const _ of [1, 2]) {
    proxy.reset();
    expect(await values(saver, config("t"))).toEqual(state);
    expect(proxy.roundTrips).toBe(1);
  }
});

test("getTuple takes one round trip for an old checkpoint whose list has grown since", async () => {
  const proxy = await proxied();
  const keyPrefix = freshPrefix();
  const writer = await RedisSaver.fromConnString(redisUrl(), { keyPrefix });
  const reader = new RedisSaver({ client: await connect(proxy.url), keyPrefix });
  const messages: BaseMessage[] = [];
  for (let n = 1; n <= 80; n++) {
    messages.push(message(n));
    const values = { messages: [...messages] };
    await put(writer, "t", { id: id(n), parent: id(n - 1), values, versions: { messages: n } });
  }
  await writer.end();
  for (const n of [3, 20, 41, 64]) {
    const old = config("t", "", id(n));
    for (let time = 0; time < 3; time++) {
      proxy.reset();
      expect(await values(reader, old)).toEqual({ messages: messages.slice(0, n) });
    }
    expect(proxy.roundTrips).toBe(1);
  }
});

test("put takes one more round trip when the server does not know its script yet", async () => {
  const proxy = await proxied(plainRedisUrl());
  const client = await connect(proxy.url);
  const saver = new RedisSaver({ client, keyPrefix: freshPrefix() });
  proxy.reset();
  await put(saver, "t", { id: id(1), values: { l: [message(1)] } });
  expect(proxy.roundTrips).toBeLessThanOrEqual(2);
  proxy.reset();
  await put(saver, "u", { id: id(1), values: { l: [message(1)] } });
  expect(proxy.roundTrips).toBe(1);
});

test("list takes one round trip for each page", async () => {
  const proxy = await proxied();
  const saver = new RedisSaver({ client: await connect(proxy.url), keyPrefix: freshPrefix() });
  await Promise.all(Array.from({ length: 250 }, (_, n) => put(saver, "t", { id: id(n), values: { n } })));
  await list(saver, config("t"), { limit: 1 });
  proxy.reset();
  expect(await list(saver, config("t"))).toHaveLength(250);
  expect(proxy.roundTrips).toBe(3);
});

test("put and list of a thread of 1,000 steps send, store and return what was added to it", async () => {
  const proxy = await proxied();
  const client = await connect(proxy.url);
  const keyPrefix = freshPrefix();
  const saver = new RedisSaver({ client, keyPrefix });
  const sent: number[] = [];
  const messages: BaseMessage[] = [];
  for (let n = 1; n <= 1_000; n++) {
    messages.push(message(n));
    proxy.reset();
    await put(saver, "t", {
      ...{ id: id(n), parent: n > 1 ? id(n - 1) : undefined, metadata: { step: n } },
      values: { messages: [...messages] },
      versions: { messages: n },
    });
    sent.push(proxy.requestBytes);
  }
  const around = (step: number) => mean(sent.slice(step - 10, step + 9));
  const late = mean(sent.slice(900));
  report("bytes sent by a put", {
    "around step 10": around(10),
    "around step 500": around(500),
    "the last 100": late,
  });
  expect(late).toBeLessThanOrEqual(2 * around(10));

  const json = Buffer.byteLength(JSON.stringify(messages));
  const memory = await memoryOf(client, keyPrefix);
  report("memory of 1,000 puts", {
    factor: memory / json,
    ...(await keysOf(client, keyPrefix)),
  });
  expect(memory).toBeLessThanOrEqual(3 * json);

  proxy.reset();
  let listed = 0;
  for await (const tuple of saver.list(config("t"), { limit: 100 })) {
    listed += 1;
    expect(tuple.checkpoint.channel_values.messages).toHaveLength(1_001 - listed);
  }
  const spines = 100 * 2_000;
  report("list of 100", { replyBytes: proxy.replyBytes, json });
  expect(listed).toBe(100);
  // Every message once, and the checkpoints' own records.
  expect(proxy.replyBytes).toBeLessThan(1.3 * json + spines);
});

test.each([10, 5_000])(
  "put and putWrites of an encrypted thread of %i messages send at most 1.3 times the bytes of a plain one",
  async (length) => {
    const sent: number[] = [];
    for (const encryption of [undefined, ENCRYPTION]) {
      const proxy = await proxied();
      const saver = new RedisSaver({
        client: await connect(proxy.url),
        keyPrefix: freshPrefix(),
        encryption,
      });
      const messages = Array.from({ length }, (_, n) => message(n));
      const step = async (n: number) => {
        // Short ones, to which encryption adds most.
        const added = new HumanMessage({ id: `added-${n}`, content: `yes, ${n}` });
        messages.push(added);
        await saver.putWrites(config("t", "", id(n - 1)), [["messages", [added]]], `task-${n}`);
        const state = { messages: [...messages] };
        await put(saver, "t", { id: id(n), parent: id(n - 1), values: state, versions: { messages: n } });
      };
      await step(1); // which loads the scripts and sends the messages
      proxy.reset();
      for (let n = 2; n <= 21; n++) await step(n);
      sent.push(proxy.requestBytes);
    }
    const [plain = 0, encrypted = 0] = sent;
    report(`bytes sent by a step at ${length} messages`, { plain, encrypted, ratio: encrypted / plain });
    expect(encrypted).toBeGreaterThan(plain);
    expect(encrypted).toBeLessThanOrEqual(1.3 * plain);
  },
);

test("a graph's thread takes the memory of what was added to it, pending writes included", async () => {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const checkpointer = new RedisSaver({ client, keyPrefix });
  let n = 0;
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("model", () => ({
      messages: [new AIMessage({ content: `${n} ${"answer ".repeat(70)}`, id: `a${n++}` })],
    }))
    .addEdge(START, "model")
    .addEdge("model", END)
    .compile({ checkpointer });
  const at = { configurable: { thread_id: "t" } };
  for (let turn = 0; turn < TURNS; turn++) {
    const question = new HumanMessage({ content: `${turn} ${"question ".repeat(55)}`, id: `q${turn}` });
    await graph.invoke({ messages: [question] }, at);
  }
  const state = await graph.getState(at);
  expect(state.values.messages).toHaveLength(2 * TURNS);
  const json = Buffer.byteLength(JSON.stringify(state.values.messages));
  const memory = await memoryOf(client, keyPrefix);
  report("memory of a graph's thread", {
    factor: memory / json,
    ...(await keysOf(client, keyPrefix)),
  });
  // Three checkpoints a turn, each with its own record and the lines of its pending writes.
  expect(memory).toBeLessThanOrEqual(GRAPH_FACTOR * json);
});

/** What was measured, with room for what differs between versions of Redis. */
const GRAPH_FACTOR = 5;

/** How many turns of two messages the graph takes. Set GRAPH_TURNS for more. */
const TURNS = Number(process.env.GRAPH_TURNS ?? 100);

function message(n: number): BaseMessage {
  const fields = { id: `id-${n}`, content: `${n} ${"some text ".repeat(40)}` };
  return n % 2 ? new HumanMessage(fields) : new AIMessage(fields);
}

function mean(numbers: number[]): number {
  return numbers.reduce((a, b) => a + b, 0) / numbers.length;
}

async function keysOf(client: TestClient, keyPrefix: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const key of threadKeys(keyPrefix, "t").own) {
    sizes[key.slice(key.lastIndexOf(":") + 1)] = (await client.memoryUsage(key, { SAMPLES: 0 })) ?? 0;
  }
  return sizes;
}

async function memoryOf(client: TestClient, keyPrefix: string): Promise<number> {
  return Object.values(await keysOf(client, keyPrefix)).reduce((a, b) => a + b, 0);
}

/** Shows what was measured, on demand. */
function report(what: string, measured: Record<string, number>): void {
  if (process.env.SHOW_MEASURES) console.log(what, measured);
}

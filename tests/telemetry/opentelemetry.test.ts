import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { InvalidInputError, RedisCache, RedisSaver, RedisStore } from "langgraph-redis";
import { enableOpenTelemetry } from "langgraph-redis/opentelemetry";
import { expect, test, vi } from "vitest";
import { config, id, list, put } from "../conformance/saver/steps.js";
import { connect, freshPrefix, redisUrl } from "../helpers/redis.js";
import { FakeEmbeddings } from "../store/fake-embeddings.js";
import { textIndex } from "../store/helpers.js";
import { startOpenTelemetry, treeOf, within } from "./sdk.js";

async function open(options: { index?: ReturnType<typeof textIndex> } = {}) {
  const client = await connect();
  const keyPrefix = freshPrefix();
  return {
    keyPrefix,
    saver: new RedisSaver({ client, keyPrefix }),
    store: new RedisStore({ client, keyPrefix, ...options }),
  };
}

const server = () => {
  const { hostname, port } = new URL(redisUrl());
  return { "server.address": hostname, "server.port": Number(port) };
};

test("an operation is a client span with the attributes of OpenTelemetry's conventions and of LangGraph", async () => {
  const { saver, store, keyPrefix } = await open();
  const { takeSpans } = startOpenTelemetry();
  await put(saver, "t", { id: id(1), values: { a: 1 } });
  await saver.getTuple(config("t"));
  await store.put(["users", "1"], "name", { text: "Bob" });
  await store.search(["users"]);
  const spans = takeSpans();
  expect(spans.map(({ name }) => name)).toEqual([
    "put checkpoints",
    "getTuple checkpoints",
    "put store",
    "search store",
  ]);
  expect(new Set(spans.map(({ kind }) => kind))).toEqual(new Set([SpanKind.CLIENT]));
  expect(spans[1]?.status).toEqual({ code: SpanStatusCode.UNSET });
  const counts = {
    "langgraph.redis.bytes_sent": expect.any(Number),
    "langgraph.redis.bytes_received": expect.any(Number),
    "langgraph.redis.retries": 0,
    "langgraph.redis.key_prefix": keyPrefix,
  };
  expect(spans[1]?.attributes).toEqual({
    "db.system.name": "redis",
    "db.operation.name": "getTuple",
    "db.collection.name": "checkpoints",
    "db.response.returned_rows": 1,
    ...server(),
    "langgraph.thread.id": "t",
    "langgraph.checkpoint.ns": "",
    "langgraph.redis.round_trips": expect.any(Number),
    "langgraph.redis.results": 1,
    ...counts,
  });
  expect(spans[2]?.attributes).toEqual({
    "db.system.name": "redis",
    "db.operation.name": "put",
    "db.collection.name": "store",
    ...server(),
    "langgraph.store.namespace": ["users", "1"],
    "langgraph.store.key": "name",
    "langgraph.redis.round_trips": expect.any(Number),
    "langgraph.redis.results": 1,
    ...counts,
  });
});

test("a batch is one span, named by its kind if all operations are of one", async () => {
  const { store } = await open();
  await store.put(["a"], "k", { n: 1 });
  const { takeSpans } = startOpenTelemetry();
  const get = { namespace: ["a"], key: "k" };
  await store.batch([get, { ...get, key: "none" }]);
  await store.batch([get, { namespacePrefix: ["a"] }, { ...get, value: { n: 2 } }]);
  const seen = takeSpans().map(({ name, attributes }) => [
    name,
    attributes["db.operation.name"],
    attributes["db.operation.batch.size"],
    attributes["db.response.returned_rows"],
  ]);
  expect(seen).toEqual([
    ["BATCH get store", "BATCH get", 2, 1],
    ["BATCH store", "BATCH", 3, 2],
  ]);
});

test("a failure is an error of the span and of the metrics, with the error's code", async () => {
  const { saver } = await open();
  const { takeSpans, histograms } = startOpenTelemetry();
  await expect(saver.expire("t", -1)).rejects.toThrow(InvalidInputError);
  const [span] = takeSpans();
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR });
  expect(span?.attributes["error.type"]).toBe("INVALID_INPUT");
  expect(span?.events).toEqual([]);
  const { points } = (await histograms())["db.client.operation.duration"] as {
    points: { attributes: object }[];
  };
  expect(points.map(({ attributes }) => attributes)).toMatchObject([{ "error.type": "INVALID_INPUT" }]);
});

test("a span is a child of the caller's, and the parent of what happens below it, also of many at the same time", async () => {
  const { takeSpans, tracer } = startOpenTelemetry();
  class Traced extends FakeEmbeddings {
    override embedDocuments(texts: string[]) {
      return within(tracer, "embed", () => super.embedDocuments(texts));
    }
  }
  const { saver, store } = await open({ index: textIndex(new Traced()) });
  await within(tracer, "setup", () => store.setup());
  takeSpans();
  const names = Array.from({ length: 20 }, (_, at) => `request ${at}`);
  const request = async (name: string) => {
    await put(saver, name, { id: id(1), values: { a: 1 } });
    await store.put(["a"], name, { text: name });
    for await (const _ of saver.list(config(name))) await saver.getTuple(config(name));
  };
  await Promise.all(names.map((name) => within(tracer, name, () => request(name))));
  const tree = treeOf(takeSpans()).join("\n");
  for (const name of names) {
    expect(tree).toContain(
      [
        name,
        "  put checkpoints",
        "  put store",
        "    embed",
        "  list checkpoints",
        "  getTuple checkpoints",
        "",
      ]
        .join("\n")
        .trimEnd(),
    );
  }
  expect(tree.split("\n")).toHaveLength(6 * names.length);
});

test("metrics have the time and the rows of operations, in the buckets that are advised, and no ids", async () => {
  const { saver, store } = await open();
  for (const n of [1, 2, 3]) await put(saver, "t", { id: id(n), parent: id(n - 1), values: { a: n } });
  const { histograms } = startOpenTelemetry();
  await list(saver, config("t"));
  await list(saver, config("none"));
  await store.put(["a"], "k", { n: 1 });
  const seen = await histograms();
  expect(Object.keys(seen).sort()).toEqual([
    "db.client.operation.duration",
    "db.client.response.returned_rows",
  ]);
  const common = { "db.system.name": "redis", ...server() };
  const listing = { ...common, "db.operation.name": "list", "db.collection.name": "checkpoints" };
  const putting = { ...common, "db.operation.name": "put", "db.collection.name": "store" };
  const { "db.client.operation.duration": duration, "db.client.response.returned_rows": rows } = seen;
  expect(duration?.unit).toBe("s");
  expect(duration?.points.map(({ attributes, value }) => [attributes, value.count])).toEqual([
    [listing, 2],
    [putting, 1],
  ]);
  const [ofLists] = duration?.points ?? [];
  expect(ofLists?.value.sum).toBeGreaterThan(0);
  expect(ofLists?.value.sum).toBeLessThan(60);
  expect(ofLists?.value.buckets.boundaries).toEqual([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]);
  expect(rows?.unit).toBe("{row}");
  expect(rows?.points.map(({ attributes, value: { count, sum } }) => [attributes, count, sum])).toEqual([
    [listing, 2, 3],
  ]);
});

test("recordIds: false keeps ids, namespaces and keys out of spans", async () => {
  const { saver, store } = await open();
  const { takeSpans } = startOpenTelemetry({ recordIds: false });
  await saver.putWrites(
    config("user@example.com", "ns", "1f0c5d4e-6b7a-6f00-8000-000000000000"),
    [["a", 1]],
    "task",
  );
  await store.put(["user@example"], "user@example", {});
  const spans = takeSpans();
  expect(spans).toHaveLength(2);
  const attributes = JSON.stringify(spans.map((span) => span.attributes));
  expect(attributes).not.toMatch(/example|1f0c5d4e|"ns"/);
});

test("options that do not exist are refused", () => {
  expect(() => enableOpenTelemetry({ recordId: false } as never)).toThrow('Did you mean "recordIds"?');
});

test("the function that enableOpenTelemetry returns ends it", async () => {
  const { saver } = await open();
  const { takeSpans, disable } = startOpenTelemetry();
  await saver.getTuple(config("t"));
  disable();
  await saver.getTuple(config("t"));
  expect(takeSpans()).toHaveLength(1);
});

test("without an SDK nothing happens to operations", async () => {
  const { saver } = await open();
  const disable = enableOpenTelemetry();
  try {
    await put(saver, "t", { id: id(1), values: { a: 1 } });
    expect((await saver.getTuple(config("t")))?.checkpoint.id).toBe(id(1));
  } finally {
    disable();
  }
});

test("a run of a graph with checkpointer and store is one trace", async () => {
  const { takeSpans, tracer } = startOpenTelemetry();
  const { saver, store } = await open();
  await store.setup();
  takeSpans();
  const State = Annotation.Root({ n: Annotation<number>() });
  const graph = new StateGraph(State)
    .addNode("remember", async ({ n }, { store: memory }) =>
      within(tracer, "node remember", async () => {
        await memory?.put(["numbers"], String(n), { n });
        return { n: n + 1 };
      }),
    )
    .addNode("recall", async ({ n }, { store: memory }) =>
      within(tracer, "node recall", async () => {
        const items = (await memory?.search(["numbers"])) ?? [];
        return { n: n + items.length };
      }),
    )
    .addEdge(START, "remember")
    .addEdge("remember", "recall")
    .addEdge("recall", END)
    .compile({ checkpointer: saver, store });
  const run = (thread: string) =>
    within(tracer, thread, () =>
      graph.invoke({ n: 1 }, { configurable: { thread_id: thread }, durability: "sync" }),
    );
  expect(await run("one")).toEqual({ n: 3 });
  const spans = takeSpans();
  expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
  const tree = treeOf(spans);
  expect(tree[0]).toBe("one");
  expect(tree.slice(1).every((line) => line.startsWith("  "))).toBe(true);
  // LangGraph gathers what the nodes of a run ask of the store, and asks for it outside of them.
  expect(tree).toEqual(
    expect.arrayContaining(["  node remember", "  put store", "  node recall", "  search store"]),
  );
  expect(tree.filter((line) => line === "  put checkpoints").length).toBeGreaterThanOrEqual(3);
  expect(tree).toContain("  getTuple checkpoints");
  // Two at the same time are two traces, and none is lost or mixed up.
  await Promise.all([run("two"), run("three")]);
  const both = takeSpans();
  for (const thread of ["two", "three"]) {
    const root = both.find(({ name }) => name === thread);
    const own = both.filter((span) => span.spanContext().traceId === root?.spanContext().traceId);
    expect(own).toHaveLength(spans.length);
    const threads = new Set(own.map(({ attributes }) => attributes["langgraph.thread.id"]).filter(Boolean));
    expect(threads).toEqual(new Set([thread]));
  }
  expect(trace.getActiveSpan()).toBeUndefined();
});

test("what a graph asks of its cache belongs to its trace", async () => {
  const { takeSpans, tracer } = startOpenTelemetry();
  const cache = new RedisCache({ client: await connect(), keyPrefix: freshPrefix() });
  const State = Annotation.Root({ n: Annotation<number>() });
  const graph = new StateGraph(State)
    .addNode("double", ({ n }) => ({ n: 2 * n }), { cachePolicy: { ttl: 60 } })
    .addEdge(START, "double")
    .compile({ cache });
  const spans: ReturnType<typeof takeSpans> = [];
  const seen = () => {
    spans.push(...takeSpans());
    return treeOf(spans);
  };
  expect(await within(tracer, "run", () => graph.invoke({ n: 1 }))).toEqual({ n: 2 });
  await vi.waitFor(() => expect(seen()).toEqual(["run", "  get cache", "  set cache"]));
  expect(spans.map(({ attributes }) => attributes["db.response.returned_rows"])).toContain(0);
  expect(await within(tracer, "run", () => graph.invoke({ n: 1 }))).toEqual({ n: 2 });
  expect(seen().slice(3)).toEqual(["run", "  get cache"]);
});

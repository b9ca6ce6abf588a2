import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { Annotation, Command, interrupt, MessagesAnnotation, Send, StateGraph } from "@langchain/langgraph";
import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { type RedisSaver, RedisStore } from "langgraph-redis";
import { beforeAll, expect, test } from "vitest";
import type { InspectContext } from "../../cli/src/inspect/index.js";
import { cliOn, idOf, inspecting, parsed, save } from "./helpers.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "langgraph-redis-cli-"));
  return () => rm(directory, { recursive: true, force: true });
});

async function tuples(
  { saver }: Pick<InspectContext, "saver">,
  threadId: string,
): Promise<CheckpointTuple[]> {
  const found: CheckpointTuple[] = [];
  for await (const tuple of saver.list({ configurable: { thread_id: threadId } })) found.push(tuple);
  return found;
}

async function infos({ saver }: Pick<InspectContext, "saver">, threadId: string) {
  const found = [];
  for await (const { bytes: _, ...info } of saver.listCheckpoints(threadId)) found.push(info);
  return found;
}

const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  found: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  extra: Annotation<unknown>(),
});

/** A conversation with a subgraph, tasks side by side, and a question to a human. */
function graphOn(checkpointer: RedisSaver) {
  const child = new StateGraph(State)
    .addNode("inside", () => ({ messages: [new AIMessage({ id: "inner", content: "inside" })] }))
    .addEdge("__start__", "inside")
    .compile();
  return new StateGraph(State)
    .addNode("child", child)
    .addNode("look", (state: { word: string }) => ({ found: [state.word] }))
    .addNode("ask", () => {
      const answer = interrupt<string, string>("Which one?");
      return { messages: [new AIMessage({ id: `answer-${answer}`, content: answer })], extra: new Date(5) };
    })
    .addEdge("__start__", "child")
    .addConditionalEdges("child", () => ["a", "b", "c"].map((word) => new Send("look", { word })), ["look"])
    .addEdge("look", "ask")
    .addEdge("ask", "__end__")
    .compile({ checkpointer });
}

test("a thread that is exported and imported is the same: state, history, pending writes; and a graph goes on from it", async () => {
  const from = await inspecting();
  const config = { configurable: { thread_id: "t" } };
  const graph = graphOn(from.saver);
  const file = new Uint8Array([0, 1, 255]);
  await graph.invoke(
    { messages: [new HumanMessage({ id: "h1", content: "Hi ünï 😀" })], extra: { file, at: new Date(0) } },
    config,
  );
  const interrupted = await graph.getState(config);
  await graph.updateState(config, { messages: [new HumanMessage({ id: "h2", content: "forked" })] });
  await from.saver.expire("t", 600);

  const path = join(directory, "t.jsonl");
  const exported = await cliOn(from)(["export", "t", "--out", path, "--json"]);
  expect(exported.code).toBe(0);
  const to = await inspecting();
  const imported = await cliOn(to)(["import", path, "--yes"]);
  expect(imported.stderr).toBe("");
  expect(imported.stdout).toMatch(/Imported 1 thread, \d+ checkpoints, 0 items\.\n$/);

  expect(await tuples(to, "t")).toEqual(await tuples(from, "t"));
  expect(await infos(to, "t")).toEqual(await infos(from, "t"));
  const [left, right] = [await from.saver.threadStats("t"), await to.saver.threadStats("t")];
  expect(Math.abs(Number(left?.expiresAt) - Number(right?.expiresAt))).toBeLessThan(5_000);

  const resume = (saver: RedisSaver) =>
    graphOn(saver).invoke(new Command({ resume: "this one" }), interrupted.config);
  const one = await resume(from.saver);
  const other = await resume(to.saver);
  expect(other).toEqual(one);
  expect(one.messages.at(-1)?.content).toBe("this one");
});

test("export of everything, and import of it, twice, and what was cut off", async () => {
  const from = await inspecting();
  for (let n = 0; n < 3; n++) await save(from.saver, `thread-${n}`, { n: 1 });
  await from.store.put(["a", "b/c"], "k", { text: "x", bytes: new Uint8Array([1, 2]) });
  await from.store.put(["a"], "expiring", { n: 1 }, { ttl: 60 });
  const run = cliOn(from);
  expect((await run(["export"])).code).toBe(2);
  const dry = await run(["export", "--all", "--items", "/", "--dry-run"]);
  expect(dry.stdout).toBe("Would export 3 threads and 2 items.\n");
  const { stdout, stderr } = await run(["export", "--all", "--items", "/"]);
  expect(stderr).toBe("Exported 3 threads, 3 checkpoints, 2 items.\n");
  const lines = stdout.trimEnd().split("\n");
  expect(JSON.parse(lines.at(-1) as string)).toEqual({ type: "end", threads: 3, checkpoints: 3, items: 2 });

  const to = await inspecting();
  const first = await cliOn(to)(["import", "-", "--yes"], { stdin: [stdout] });
  expect(first.stdout).toBe("Imported 3 threads, 3 checkpoints, 2 items.\n");
  const item = await to.store.get(["a", "b/c"], "k");
  expect(item?.value).toEqual({ text: "x", bytes: new Uint8Array([1, 2]) });
  const expiring = await to.store.get(["a"], "expiring");
  expect((Number(expiring?.expiresAt) - Date.now()) / 60_000).toBeCloseTo(60, 0);

  const again = await cliOn(to)(["import", "-", "--yes", "--skip-existing"], { stdin: [stdout] });
  expect(again.stdout).toBe("Imported 0 threads, 0 checkpoints, 0 items; 5 were there.\n");
  expect((await cliOn(to)(["import", "-"], { stdin: [stdout] })).code).toBe(2);

  const cut = join(directory, "cut.jsonl");
  await writeFile(cut, lines.slice(0, 3).join("\n"));
  const plan = await cliOn(to)(["import", cut, "--dry-run"]);
  expect(plan.stdout).toContain("It was cut off, or lines of it are missing.");
  expect(plan.stdout).toContain("1 thread is there");
  const wrong = async (text: string) => {
    await writeFile(cut, text);
    return cliOn(to)(["import", cut, "--yes"]);
  };
  expect(await wrong("nonsense")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("line 1 is none of an export"),
  });
  expect(await wrong('{"type":"thread","threadId":"t"}')).toMatchObject({ code: 1 });
  expect((await cliOn(to)(["import", join(directory, "none.jsonl"), "--yes"])).stderr).toContain(
    "cannot be read (ENOENT)",
  );
});

test("an import of a cut-off export brings what it has, and fails; the whole one with --skip-existing brings the rest", async () => {
  const from = await inspecting();
  for (const thread of ["first", "second"]) {
    for (let n = 1; n <= 4; n++) await save(from.saver, thread, { n, parent: n - 1 });
    const configurable = { thread_id: thread, checkpoint_ns: "", checkpoint_id: idOf(4) };
    await from.saver.putWrites({ configurable }, [["messages", "written"]], "task");
  }
  const { stdout } = await cliOn(from)(["export", "--all"]);
  const lines = stdout.trimEnd().split("\n");
  const order = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === "thread");
  expect(order.map(({ threadId }) => threadId)).toEqual(["first", "second"]);

  const at = lines.findIndex(
    (line) => line.includes('"writes"') && line.includes('"second"') && line.includes("task"),
  );
  const cuts = [
    // In a checkpoint, before the pending writes of the last one, without the last one, and without the last line.
    `${lines.slice(0, at - 2).join("\n")}\n${lines[at - 2]?.slice(0, 50)}`,
    lines.slice(0, at).join("\n"),
    [...lines.slice(0, at - 1), ...lines.slice(at)].join("\n"),
    lines.slice(0, -1).join("\n"),
  ];
  for (const [n, cut] of cuts.entries()) {
    const to = await inspecting();
    const run = cliOn(to);
    const output = await run(["import", "-", "--yes", "--json"], { stdin: [cut] });
    expect(output).toMatchObject({ code: 1, stderr: expect.stringContaining("was cut off") });
    expect(parsed(output)).toMatchObject({ threads: 2, isComplete: false });
    const rest = await run(["import", "-", "--yes", "--skip-existing", "--json"], { stdin: [stdout] });
    expect(rest.code).toBe(0);
    expect(parsed(rest)).toMatchObject({ threads: n < 3 ? 1 : 0, isComplete: true });
    for (const thread of ["first", "second"])
      expect(await infos(to, thread)).toEqual(await infos(from, thread));
    const created = await to.saver.listThreads({ orderBy: "createdAt" });
    expect(created.map(({ threadId }) => threadId)).toEqual(["second", "first"]);
  }

  // A thread that went on and was pruned is not what an import left.
  const other = await inspecting();
  await save(other.saver, "first", { n: 9 });
  await cliOn(other)(["import", "-", "--yes", "--skip-existing"], { stdin: [stdout] });
  expect(await other.saver.threadStats("first")).toMatchObject({ checkpoints: 1 });
});

test("a line of an import that cannot be read is named", async () => {
  const to = await inspecting();
  const header = '{"type":"langgraph-redis","version":1}';
  const refused = async (line: string) => {
    const stdin = [`${header}\n\n${line}\n{"type":"end","threads":0,"checkpoints":0,"items":0}\n`];
    const { code, stderr } = await cliOn(to)(["import", "-", "--yes"], { stdin });
    expect(code).toBe(1);
    return stderr;
  };
  expect(await refused('{"type":"wat"}')).toContain("line 3 is none of an export");
  expect(await refused("nonsense")).toContain("line 3 is none of an export");
  const place = { type: "checkpoint", threadId: "q", ns: "", id: "x" };
  expect(await refused(JSON.stringify(place))).toContain("line 3: its checkpoint cannot be read");
  const broken = { ...place, checkpoint: ["json", "{"], metadata: ["json", "{}"] };
  expect(await refused(JSON.stringify(broken))).toContain("line 3 has a value that cannot be read");
});

test("a file that cannot be written is told", async () => {
  const from = await inspecting();
  await save(from.saver, "t", { n: 1 });
  const argv = ["export", "--all", "--json", "--out", join(directory, "none", "x.jsonl")];
  const { code, stderr } = await cliOn(from)(argv);
  expect(code).toBe(1);
  expect(JSON.parse(stderr).error.message).toContain("cannot be written (ENOENT)");
});

test("an export that was interrupted leaves no file that looks complete", async () => {
  const from = await inspecting();
  for (let n = 0; n < 3; n++) await save(from.saver, `thread-${n}`, { n: 1 });
  const path = join(directory, "interrupted.jsonl");
  const interrupted = new AbortController();
  interrupted.abort();
  const output = await cliOn(from)(["export", "--all", "--out", path], { signal: interrupted.signal });
  expect(output.code).toBe(130);
  await expect(readFile(path)).rejects.toThrow("ENOENT");
  expect((await cliOn(from)(["export", "--all", "--out", path])).code).toBe(0);
  expect((await cliOn(from)(["export", "--all", "--out", path])).stderr).toContain("exists already");
});

test("items of a store with vectors are imported with a model, or without vectors", async () => {
  const embeddings = {
    embedDocuments: async (texts: string[]) => texts.map(() => [1, 0, 0]),
    embedQuery: async () => [1, 0, 0],
  };
  const from = await inspecting();
  await from.store.put(["a"], "k", { text: "x" });
  const { stdout } = await cliOn(from)(["export", "--items", "/"]);
  const to = await inspecting();
  const { client } = to.server;
  await new RedisStore({ client, keyPrefix: to.keyPrefix, index: { dims: 3, embeddings } }).setup();
  const refused = await cliOn(to)(["import", "-", "--yes"], { stdin: [stdout] });
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("what makes them?") });
  const model = join(directory, "model.mjs");
  await writeFile(
    model,
    "export default { embedDocuments: async (t) => t.map(() => [1, 0, 0]), embedQuery: async () => [1, 0, 0] };",
  );
  expect((await cliOn(to)(["import", "-", "--yes", "--no-vectors"], { stdin: [stdout] })).code).toBe(0);
  expect((await to.store.inspectIndex())?.search).toMatchObject({ items: 1, vectors: 0 });
  expect((await cliOn(to)(["import", "-", "--yes", "--embeddings", model], { stdin: [stdout] })).code).toBe(
    0,
  );
  expect((await to.store.inspectIndex())?.search).toMatchObject({ items: 1, vectors: 1 });
});

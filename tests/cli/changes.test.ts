import { RedisStore } from "langgraph-redis";
import { expect, test } from "vitest";
import { cliOn, idOf, inspecting, parsed, save } from "./helpers.js";

async function threads(count: number) {
  const context = await inspecting();
  for (let n = 0; n < count; n++) {
    for (let step = 1; step <= 4; step++)
      await save(context.saver, `thread-${n}`, { n: step, parent: step - 1 });
  }
  const left = async () => (await context.saver.listThreads()).map(({ threadId }) => threadId).sort();
  return { context, run: cliOn(context), left };
}

test("nothing is changed without --yes where nobody can be asked, nor with --dry-run", async () => {
  const { run, left, context } = await threads(2);
  for (const argv of [
    ["delete", "thread-0"],
    ["prune", "--all"],
    ["expire", "--all", "--in", "1d"],
  ]) {
    expect(await run(argv)).toMatchObject({ code: 2, stderr: expect.stringContaining("add --yes") });
    expect((await run([...argv, "--json"])).code).toBe(2);
    const dry = await run([...argv, "--dry-run"]);
    expect(dry).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Nothing was changed: --dry-run."),
    });
    expect(parsed(await run([...argv, "--dry-run", "--json"]))).toMatchObject({ dryRun: true });
  }
  expect(await left()).toEqual(["thread-0", "thread-1"]);
  expect(await context.saver.threadStats("thread-0")).toMatchObject({ checkpoints: 4, expiresAt: undefined });
});

test("a command that changes threads wants to know which", async () => {
  const { run } = await threads(1);
  expect(await run(["delete", "--yes"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("which threads?"),
  });
  expect(await run(["delete", "thread-0", "--all", "--yes"])).toMatchObject({ code: 2 });
  for (const argv of [["delete"], ["prune"], ["expire", "--in", "1d"], ["export"]]) {
    expect(
      await run(
        [...argv, "--search", "", "--yes"].filter((word) => argv[0] !== "export" || word !== "--yes"),
      ),
    ).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("It must not be empty."),
    });
  }
  expect(await run(["threads", "--search", ""])).toMatchObject({ code: 2 });
  const noPath = await run(["delete", "--items", "", "--filter", "{}", "--yes"]);
  expect(noPath).toMatchObject({ code: 2, stderr: expect.stringContaining("the path is empty") });
  expect(await run(["delete", "none", "--yes"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no thread"),
  });
  expect(await run(["expire", "thread-0", "--yes"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("when?"),
  });
  expect(await run(["expire", "thread-0", "--in", "soon"])).toMatchObject({ code: 2 });
  const tooLong = await run(["expire", "thread-0", "--in", "999999999999999999w", "--yes"]);
  expect(tooLong).toMatchObject({ code: 2, stderr: expect.stringContaining("thousand years") });
});

test("delete deletes threads by id, by a part of it, by how long they rest, or all", async () => {
  const { run, left } = await threads(4);
  expect((await run(["delete", "thread-0", "--yes"])).stdout).toMatch(
    /^Deletes 1 thread, 4 checkpoints, .*\nDeleted 1 thread\.\n$/,
  );
  expect(await left()).toEqual(["thread-1", "thread-2", "thread-3"]);
  expect(parsed(await run(["delete", "--search", "AD-1", "--yes", "--json"]))).toEqual({
    dryRun: false,
    threads: 1,
  });
  expect(parsed(await run(["delete", "--idle", "1h", "--yes", "--json"])).threads).toBe(0);
  expect(await left()).toEqual(["thread-2", "thread-3"]);
  expect(parsed(await run(["delete", "--all", "--yes", "--json"])).threads).toBe(2);
  expect(await left()).toEqual([]);
});

test("delete deletes items: one, those that match, or a namespace", async () => {
  const context = await inspecting();
  const run = cliOn(context);
  for (let n = 0; n < 6; n++) await context.store.put(["memories", n < 4 ? "u1" : "u2"], `k${n}`, { n });
  await run(["delete", "--items", "memories/u1", "--item-key", "k0", "--yes"]);
  const filtered = await run(["delete", "--items", "memories", "--filter", '{"n":{"$lt":3}}', "--yes"]);
  expect(filtered.stdout).toBe(
    "Deletes all matching items at and below memories: 2 items.\nDeleted 2 items.\n",
  );
  expect((await context.store.search(["memories"])).map(({ key }) => key).sort()).toEqual(["k3", "k4", "k5"]);
  await run(["delete", "--items", "memories/u2", "--yes"]);
  expect((await context.store.search(["memories"])).map(({ key }) => key)).toEqual(["k3"]);
  expect((await run(["delete", "--items", "/", "--yes"])).code).toBe(2);
  expect((await run(["delete", "--items", "memories", "--item-key", "none", "--yes"])).code).toBe(1);
});

test("prune removes as many checkpoints as it said", async () => {
  const { run, context } = await threads(2);
  const dry = parsed(await run(["prune", "--all", "--keep-last", "3", "--dry-run", "--json"]));
  expect(dry).toEqual({ dryRun: true, threads: 2, checkpoints: 2 });
  const done = await run(["prune", "--all", "--keep-last", "3", "--yes"]);
  expect(done.stdout).toBe("Removes at most 2 checkpoints of 2 threads.\nRemoved 2 checkpoints.\n");
  expect(await context.saver.threadStats("thread-0")).toMatchObject({ checkpoints: 3 });
  // The checkpoints' own times are of January.
  expect(
    parsed(await run(["prune", "thread-1", "--older-than", "1d", "--dry-run", "--json"])).checkpoints,
  ).toBe(2);
  expect(
    parsed(await run(["prune", "thread-1", "--older-than", "5000d", "--yes", "--json"])).checkpoints,
  ).toBe(0);
});

test("expire sets and takes away the time to live of threads", async () => {
  const { run, context } = await threads(1);
  await run(["expire", "thread-0", "--in", "2h", "--yes"]);
  const { expiresAt } = (await context.saver.threadStats("thread-0")) ?? {};
  expect((Number(expiresAt) - Date.now()) / 60_000).toBeCloseTo(120, 0);
  await run(["expire", "--all", "--never", "--yes"]);
  expect((await context.saver.threadStats("thread-0"))?.expiresAt).toBeUndefined();
});

test("copy copies a thread to one that is not there yet", async () => {
  const { run, left, context } = await threads(1);
  expect((await run(["copy", "thread-0", "what-if"])).code).toBe(0);
  expect(await left()).toEqual(["thread-0", "what-if"]);
  expect((await context.saver.getTuple({ configurable: { thread_id: "what-if" } }))?.checkpoint.id).toBe(
    idOf(4),
  );
  expect(await run(["copy", "thread-0", "what-if"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("exists already"),
  });
  expect((await run(["copy", "none", "other"])).code).toBe(1);
});

test("an interrupted command ends with 130, and has done a part", async () => {
  const { run, left } = await threads(3);
  const interrupt = new AbortController();
  interrupt.abort();
  expect(await run(["delete", "--all", "--yes"], { signal: interrupt.signal })).toMatchObject({ code: 130 });
  expect(await left()).toHaveLength(3);
});

test("reindex builds the index anew, with other settings, with vectors of a model", async () => {
  const context = await inspecting();
  const run = cliOn(context);
  expect((await run(["reindex", "--yes"])).code).toBe(2);
  const { client } = context.server;
  const store = new RedisStore({ client, keyPrefix: context.keyPrefix, index: { text: true } });
  for (let n = 0; n < 3; n++) await store.put(["a"], `k${n}`, { text: `word${n}`, n });
  const plan = await run(["reindex", "--numeric-fields", "n", "--dry-run"]);
  expect(plan.stdout).toContain('  numericFields: [] → ["n"]\n');
  expect(await context.store.inspectIndex()).toMatchObject({ generation: 1 });
  expect((await run(["reindex", "--numeric-fields", "n", "--yes"])).stdout).toMatch(
    /Indexed \d+ items: 0 texts embedded/,
  );
  expect(await context.store.inspectIndex()).toMatchObject({ numericFields: ["n"], text: true });
  expect((await run(["search", "a", "word1"])).stdout).toContain("k1");
  expect(await run(["reindex", "--dims", "3", "--yes"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--embeddings"),
  });
});

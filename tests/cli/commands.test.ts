import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { formatPath, parsePath } from "../../cli/src/path.js";
import { KEYS } from "../helpers/encryption.js";
import { freshPrefix, redisUrl } from "../helpers/redis.js";
import { cli, cliOn, idOf, inspecting, parsed, save } from "./helpers.js";

const config = (thread: string, n: number) => ({
  configurable: { thread_id: thread, checkpoint_ns: "", checkpoint_id: idOf(n) },
});

test("without a command, with an unknown one or an unknown option: help, and exit code 2", async () => {
  const nothing = await cli([]);
  expect(nothing.code).toBe(2);
  expect(nothing.stdout).toContain("Usage: langgraph-redis");
  const unknown = await cli(["thread-list"]);
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
  const misspelt = await cli(["treads"]);
  expect(misspelt.stderr).toMatch(/unknown command 'treads'[\s\S]*Did you mean threads\?/);
  const option = await cli(["threads", "--serch", "x"]);
  expect(option).toMatchObject({ code: 2, stderr: expect.stringContaining("Did you mean --search?") });
  expect(await cli(["thread"])).toMatchObject({ code: 2, stderr: expect.stringContaining("'id'") });
  expect((await cli(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("every command has help with examples", async () => {
  const { stdout, code } = await cli(["--help"]);
  expect(code).toBe(0);
  const commands = [...stdout.matchAll(/^ {2}(\w+) .*$/gm)].map(([, name]) => name as string);
  const listed = commands.filter((name) => name !== "help");
  expect(listed.length).toBeGreaterThan(8);
  for (const name of listed) {
    const help = await cli([name, "--help"]);
    expect(help.code).toBe(0);
    expect(help.stdout, name).toMatch(new RegExp(`Examples:\\n {2}\\$ langgraph-redis ${name}`));
  }
});

test("wrong values of options are told before anything is connected", async () => {
  const refused = async (...argv: string[]) => {
    const output = await cli([...argv, "--url", "redis://127.0.0.1:1"]);
    expect(output.code).toBe(2);
    return output.stderr;
  };
  expect(await refused("threads", "--limit", "0")).toContain("whole number, at least 1");
  expect(await refused("items", "a", "--filter", "[1]")).toContain("must be a JSON object");
  expect(await refused("threads", "--key", "nonsense")).toContain("must be id=base64");
  expect(await refused("threads", "--key-file", "/nowhere")).toContain("cannot be read");
  expect(await refused("threads", "--cluster", "redis://127.0.0.1:1")).toContain("give one of");
});

test("a server that cannot be reached, and an address that is none: no password is shown", async () => {
  const unreachable = await cli(["threads", "--url", "redis://user:hunter%402@127.0.0.1:1"]);
  expect(unreachable.code).toBe(1);
  expect(unreachable.stderr).toContain("cannot connect to 127.0.0.1:1");
  const wrong = await cli(["threads", "--url", "http://user:hunter%402@example.com"]);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("must be a redis://") });
  const refused = await cli(["threads", "--url", redisUrl().replace("//", "//user:hunter%402@")]);
  expect(refused.code).toBe(1);
  for (const { stdout, stderr } of [unreachable, wrong, refused])
    expect(stdout + stderr).not.toMatch(/hunter/);
});

test("errors are JSON, too, where JSON was asked for", async () => {
  const output = await cli(["thread", "none", "--json", "--prefix", freshPrefix()], {
    env: { REDIS_URL: redisUrl() },
  });
  expect(output).toMatchObject({ code: 1, stdout: "" });
  expect(JSON.parse(output.stderr)).toMatchObject({ error: { message: 'there is no thread "none".' } });
  const wrong = async (...argv: string[]) => {
    const { code, stdout, stderr } = await cli(["--json", ...argv]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    return JSON.parse(stderr).error.message;
  };
  expect(await wrong("threads", "--limit", "x")).toContain("whole number, at least 1");
  expect(await wrong("nosuch")).toContain("unknown command 'nosuch'");
  expect(await wrong("thread")).toContain("'id'");
});

test("threads: a table for people, pages of JSON for programs", async () => {
  const context = await inspecting();
  const run = cliOn(context);
  expect((await run(["threads"])).stdout).toBe("No threads.\n");
  for (let n = 0; n < 3; n++) await save(context.saver, `thread-${n}`, { n });
  const table = await run(["threads", "--limit", "2"]);
  expect(table.stdout).toMatch(/^thread +last written +checkpoints +step +source +size +expires\n/);
  expect(table.stdout).toMatch(/^thread-2 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +1 +2 +loop +[\d.]+ k?B$/m);
  const cursor = /More: --cursor (\S+)/.exec(table.stderr)?.[1] as string;
  const next = parsed(await run(["threads", "--json", "--limit", "2", "--cursor", cursor]));
  expect(next).toMatchObject({ rows: [{ threadId: "thread-0", checkpoints: 1 }] });
  expect((await run(["threads", "--cursor", "nonsense"])).code).toBe(2);
});

test("thread draws forks, and marks interrupts, errors and pending writes", async () => {
  const context = await inspecting();
  const { saver } = context;
  await save(saver, "t", { n: 0, source: "input", step: -1 });
  await save(saver, "t", { n: 1, parent: 0 });
  await save(saver, "t", { n: 2, parent: 1 });
  await save(saver, "t", { n: 3, parent: 1, source: "fork" });
  await save(saver, "t", { n: 2, ns: "child:1" });
  await saver.putWrites(config("t", 2), [["__interrupt__", { value: "sure?" }]], "task-1");
  await saver.putWrites(config("t", 3), [["__error__", "boom"]], "task-2");
  const { stdout } = await cliOn(context)(["thread", "t"]);
  const [root = ""] = stdout.split("subgraph");
  expect(root.split("\n").map((line) => line.slice(0, 12).trimEnd())).toEqual(
    ["the graph", "      step", `●        3`, `│ ●      2`, "├─╯", `●        1`, `●       -1`, "", ""].map(
      (line) => expect.stringContaining(line.trim().split(/ {3,}/)[0] as string),
    ),
  );
  expect(root).toMatch(/^● .*fork .*error 1 written$/m);
  expect(root).toMatch(/^│ ● .*loop .*interrupt 1 written$/m);
  expect(stdout).toContain("subgraph child:1");
  expect(parsed(await cliOn(context)(["thread", "t", "--ns", "child:1", "--json"])).namespaces).toHaveLength(
    1,
  );
});

test("show prints messages as a conversation, with tool calls and their results", async () => {
  const context = await inspecting();
  const call = { id: "call-1", name: "weather", args: { city: "Rome" } };
  const messages = [
    new HumanMessage({ id: "m1", content: "What is the weather?" }),
    new AIMessage({ id: "m2", content: "", tool_calls: [call] }),
    new ToolMessage({ id: "m3", content: "sunny", tool_call_id: "call-1" }),
  ];
  await save(context.saver, "t", { n: 1, values: { messages, count: 3 } });
  await context.saver.putWrites(config("t", 1), [["count", 4]], "task-1");
  const { stdout } = await cliOn(context)(["show", "t"]);
  expect(stdout).toContain(
    [
      "messages",
      "human  What is the weather?",
      "ai",
      '  → weather({"city":"Rome"}) call-1',
      "tool answers call-1  sunny",
      "",
      "count",
      "3",
      "",
      "Pending writes",
      "task task-1 count",
      "  4",
    ].join("\n"),
  );
  const only = parsed(await cliOn(context)(["show", "t", "--channel", "count", "--json"]));
  expect(only.channels).toEqual([{ name: "count", version: 2, kind: "json", json: 3 }]);
  expect(await cliOn(context)(["show", "t", idOf(9)])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no checkpoint"),
  });
});

test("diff shows what was added to, removed from and changed in each channel", async () => {
  const context = await inspecting();
  await save(context.saver, "t", { n: 1, values: { list: [1, 2], a: "x", same: true } });
  await save(context.saver, "t", { n: 2, parent: 1, values: { list: [2, 3], b: "y", same: true } });
  const { stdout } = await cliOn(context)(["diff", "t", idOf(1), idOf(2)]);
  expect(stdout).toBe(
    [
      "list  changed",
      "- 1",
      "+ 3",
      "  1 the same",
      "",
      "a  removed",
      '- "x"',
      "",
      "b  added",
      '+ "y"',
      "",
      "the same: same",
      "",
    ].join("\n"),
  );
});

test("watch tells new checkpoints and what is written after them, until it is interrupted", async () => {
  const context = await inspecting();
  await save(context.saver, "t", { n: 1 });
  const interrupt = new AbortController();
  const watching = cliOn(context)(["watch", "t", "--json", "--interval", "50", "--count", "2"], {
    signal: interrupt.signal,
  });
  const started = Date.now();
  while (Date.now() - started < 300) await save(context.saver, "other", { n: 1 }); // it has looked by then
  await save(context.saver, "t", { n: 2, parent: 1 });
  await save(context.saver, "t", { n: 3, parent: 2 });
  const lines = (await watching).stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ checkpointId }) => checkpointId)).toEqual([idOf(2), idOf(3)]);
  const endless = cliOn(context)(["watch", "t"], { signal: interrupt.signal });
  interrupt.abort();
  expect((await endless).code).toBe(130);
});

test("namespaces, items and item", async () => {
  const context = await inspecting();
  const run = cliOn(context);
  await context.store.put(["memories", "a/b"], "food", { text: "Likes pizza.", n: 1 });
  await context.store.put(["memories", "u2"], "name", { text: "Bob", n: 2 });
  expect((await run(["namespaces"])).stdout).toMatch(
    /^namespace +items\nmemories\/a%2Fb +1\nmemories\/u2 +1\n$/,
  );
  const items = await run(["items", "memories", "--filter", '{"n":{"$gt":1}}']);
  expect(items.stdout).toMatch(/memories\/u2 +name +\d.* \{"text":"Bob","n":2\}\n$/);
  expect(items.stdout).not.toContain("pizza");
  const item = await run(["item", "memories/a%2Fb", "food", "--json"]);
  expect(parsed(item)).toMatchObject({
    namespace: ["memories", "a/b"],
    value: { text: "Likes pizza.", n: 1 },
  });
  expect((await run(["item", "memories/u2", "food"])).code).toBe(1);
  expect((await run(["items", "memories//x"])).code).toBe(2);
  expect((await run(["items", "memories", "--filter", '{"n":{"$nope":1}}'])).code).toBe(2);
});

test("paths of namespaces are unambiguous", () => {
  for (const namespace of [
    [],
    ["a"],
    ["a", "b"],
    ["a/b"],
    ["a%2Fb", "50%"],
    ["ünï", "a b"],
    ["\u001b[31m", "x"],
  ]) {
    expect(parsePath(formatPath(namespace))).toEqual(namespace);
  }
  expect(formatPath(["a/b", "50%", "\u001b"])).toBe("a%2Fb/50%25/%1B");
  for (const path of ["a//b", "50%"]) expect(() => parsePath(path)).toThrow();
});

test("what is stored cannot steer the terminal", async () => {
  const context = await inspecting();
  const evil = "\u001b[2J\u001b]0;owned\u0007\u202e\u001b[31m\u009b";
  await save(context.saver, `t${evil}`, {
    n: 1,
    values: { [evil]: evil, messages: [new HumanMessage(evil)] },
  });
  await context.store.put([`n${evil}`], evil, { [evil]: evil });
  const checkpoint = { ...emptyCheckpoint(), id: idOf(2), ts: `${evil}\n`, [evil]: evil };
  const metadata = { source: `${evil}\n` as "loop", step: 2, parents: {} };
  const child = { thread_id: `t${evil}`, checkpoint_ns: `c${evil}\n`, checkpoint_id: "" };
  for (const configurable of [{ thread_id: `t${evil}` }, child])
    await context.saver.put({ configurable }, checkpoint, metadata, {});
  const run = cliOn(context);
  const item = (await run(["namespaces", "--json"])).stdout;
  const { path } = JSON.parse(item).rows[0];
  for (const argv of [
    ["threads"],
    ["thread", `t${evil}`],
    ["show", `t${evil}`],
    ["show", `t${evil}`, idOf(1)],
    ["show", `t${evil}`, "--json"],
    ["threads", "--json"],
    ["export", "--all", "--items", "/"],
    ["namespaces"],
    ["items", "/"],
    ["item", path, evil],
  ]) {
    for (const env of [{ NO_COLOR: "1" }, {}] as Record<string, string>[]) {
      const { stdout, code } = await run(argv, { isTTY: true, env });
      expect(code).toBe(0);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of the command line itself
      const text = stdout.replaceAll(/\u001b\[(1|2|32|33|35|36|22|39)m/g, "");
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(text, argv.join(" ")).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(text, argv.join(" ")).toMatch(/\\u202e|%E2%80%AE/i);
    }
  }
});

test("colours are for terminals, and for none with NO_COLOR", async () => {
  const context = await inspecting();
  await save(context.saver, "t", { n: 1 });
  const run = cliOn(context);
  expect((await run(["show", "t"], { isTTY: true })).stdout).toContain("\u001b[");
  expect((await run(["show", "t"], { isTTY: true, env: { NO_COLOR: "1" } })).stdout).not.toContain("\u001b[");
  expect((await run(["show", "t"])).stdout).not.toContain("\u001b[");
});

test("encrypted threads are shown with the key, and as encrypted without it", async () => {
  const { keyPrefix } = await inspecting();
  const encrypted = await inspecting(redisUrl(), keyPrefix, {
    keys: { k1: KEYS.old },
    current: "k1",
    allowPlaintext: true,
  });
  await save(encrypted.saver, "t", { n: 1, values: { secret: "hidden treasure" } });
  const run = cliOn(encrypted);
  expect((await run(["threads"])).stdout).toMatch(/^t .* encrypted /m);
  expect((await run(["thread", "t"])).stdout).toMatch(/● +encrypted +1f0c5d4e/);
  const without = await run(["show", "t"]);
  expect(without.stdout).toContain('It is encrypted with the key "k1": give that with --key or --key-file.');
  const other = await run(["show", "t", "--key", `k1=${KEYS.new}`]);
  expect(other.stdout).toContain('It is encrypted with the key "k1": the one that was given is another.');
  expect(without.stdout).not.toContain("treasure");
  expect((await run(["show", "t", "--key", `k1=${KEYS.old}`])).stdout).toContain('"hidden treasure"');
  const environment = { env: { LANGGRAPH_REDIS_KEY: `k1=${KEYS.old}` } };
  expect((await run(["show", "t", idOf(1)], environment)).stdout).toContain('"hidden treasure"');
  await encrypted.store.put(["a"], "k", { secret: "hidden treasure" });
  const items = await run(["items", "/"]);
  expect(items).toMatchObject({ code: 0, stdout: expect.stringMatching(/^a +k +encrypted$/m) });
  expect((await run(["item", "a", "k"])).stdout).toContain("encrypted: give the key with --key");
  await encrypted.store.put(["a"], "b", { n: 1 });
  await encrypted.store.put(["a"], "z", { n: 2 });
  const { rows, next } = parsed(await run(["items", "/", "--limit", "2", "--json"]));
  expect(rows).toMatchObject([
    { key: "b", encrypted: true },
    { key: "k", encrypted: true },
  ]);
  expect(parsed(await run(["items", "/", "--cursor", next, "--json"])).rows).toMatchObject([{ key: "z" }]);
  expect((await run(["item", "a", "k"], environment)).stdout).toContain('"hidden treasure"');
  const wrong = await run(["show", "t", "--key", `k1=${KEYS.new}`]);
  expect(wrong.stdout + wrong.stderr).not.toContain(KEYS.new);
  expect(wrong.stdout).not.toContain("treasure");
});

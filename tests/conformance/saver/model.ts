import { randomUUID } from "node:crypto";
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import type { BaseCheckpointSaver, Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { ERROR, INTERRUPT, RESUME } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { CheckpointNotFoundError, type RedisSaver } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { HOSTILE_STRINGS } from "../../helpers/hostile.js";
import { byBytes, canon, type ModelCheckpoint, Oracle, tupleText } from "./oracle.js";
import { config } from "./steps.js";

/** In what the clients of one store differ. */
export interface ModelOptions {
  readonly trackChanges: boolean;
  readonly compression: boolean;
}

/** How to come by savers that share what they store. */
export interface ModelFactory {
  readonly name: string;
  /** A saver that knows nothing of what is stored; those of one store share it. */
  create(store: string, options: ModelOptions): Promise<BaseCheckpointSaver>;
  destroy(saver: BaseCheckpointSaver): Promise<void>;
}

/** Random sequences of operations, from several clients at once, do what the model does. */
export function saverModel(factory: ModelFactory, runs: number): void {
  describe(`model: ${factory.name}`, () => {
    test(`${runs} random sequences do what the model does`, { timeout: 600_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(
          names,
          fc.array(step, { minLength: 3, maxLength: 30, size: "max" }),
          (named, steps) => new Run(factory, named).play(steps),
        ),
        { numRuns: runs, ...(process.env.FUZZ_SEED ? { seed: Number(process.env.FUZZ_SEED) } : {}) },
      );
    });
  });
}

// What is random

const hostile = fc.constantFrom(...HOSTILE_STRINGS, "b", "1f0");
const distinct = (count: number, extra: fc.Arbitrary<string>) =>
  fc.uniqueArray(fc.oneof(hostile, extra), { minLength: count, maxLength: count });
const surrogates = fc.constantFrom("\ud800", "\udc00", "a\ud800");

const names = fc.record({
  threads: distinct(2, surrogates),
  spaces: distinct(1, surrogates),
  channels: distinct(3, fc.constantFrom("", "a\u2028b", "ü\u007f")),
  tasks: distinct(3, surrogates),
  ids: fc.uniqueArray(fc.constantFrom("1f0", "\uffee", "🦜", "a:b", " ", "%3A", "\n", "\u0000", "{x}"), {
    minLength: 1,
    maxLength: 3,
  }),
});
type Names = typeof names extends fc.Arbitrary<infer T> ? T : never;

const ELEMENTS: Record<string, (n: number) => unknown> = {
  number: (n) => n,
  text: (n) => `text ${n} ${"ü".repeat(n * 10)}`,
  // Of one length whatever n is, so that lists of one length differ.
  fixed: (n) => ({ n, text: "0123456789".repeat(20), deep: { list: [n, { n }] } }),
  human: (n) =>
    new HumanMessage({ content: `message ${n} ${"x".repeat(200)}`, id: `id-${n}`, additional_kwargs: { n } }),
  ai: (n) =>
    new AIMessage({
      content: [{ type: "text", text: `block ${n} `.repeat(20) }],
      id: `ai-${n}`,
      tool_calls: [{ id: `call-${n}`, name: "tool", args: { n: [n] }, type: "tool_call" }],
      additional_kwargs: { __lc_escaped__: n, lc: { lc: n } },
    }),
  tool: (n) =>
    new ToolMessage({
      content: `done ${n}`,
      tool_call_id: `call-${n}`,
      id: `tool-${n}`,
      artifact: { rows: [n, null] },
    }),
  big: (n) => ({ n, text: `${n}`.repeat(5_000) }),
  huge: (n) => `${n}`.repeat(9_000 + n),
  map: (n) => new Map<unknown, unknown>([[n, new Set([n, undefined])]]),
  bytes: (n) => new Uint8Array(n * 40).fill(n),
  lookalike: (n) => ({ lc: 2, type: "constructor", id: ["Map"], args: [[["n", n]]] }),
  undefined: () => undefined,
  null: () => null,
  list: (n) => [n, [undefined, { n }]],
  "own __proto__": (n) => JSON.parse(`{"__proto__": {"n": ${n}}, "b": 1, "a": ${n}}`),
};
const few = fc.oneof(
  { weight: 3, arbitrary: fc.nat({ max: 2 }) },
  { weight: 1, arbitrary: fc.nat({ max: 9 }) },
);
const element = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ of: fc.constantFrom("fixed", "fixed", "human", "big", "huge"), n: few }),
  },
  { weight: 3, arbitrary: fc.record({ of: fc.constantFrom(...Object.keys(ELEMENTS)), n: few }) },
  // One of those made before, the same object: in another channel or thread, or as a pending write.
  { weight: 3, arbitrary: fc.record({ of: fc.constant("again"), n: fc.nat({ max: 40 }) }) },
);
type Element = typeof element extends fc.Arbitrary<infer T> ? T : never;
const elements = fc.oneof(
  { weight: 5, arbitrary: fc.array(element, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(element, { minLength: 8, maxLength: 20, size: "max" }) },
);

const channel = fc.nat({ max: 2 });
const line = fc.constantFrom(0, 0, 1, 1, 2);
const saver = fc.constantFrom(0, 0, 1, 2, 2);
const at = fc.nat({ max: 30 });

const edit = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ edit: fc.constant("append" as const), channel, elements, inPlace: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ edit: fc.constant("trim" as const), channel, count: fc.nat({ max: 8 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ edit: fc.constant("pop" as const), channel, count: fc.nat({ max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ edit: fc.constant("replace" as const), channel, at, element }) },
  { weight: 3, arbitrary: fc.record({ edit: fc.constant("mutate" as const), channel, at, n: few }) },
  { weight: 1, arbitrary: fc.record({ edit: fc.constant("set" as const), channel, element }) },
  {
    weight: 2,
    arbitrary: fc.record({
      edit: fc.constant("copy" as const),
      channel,
      from: channel,
      line,
      same: fc.boolean(),
    }),
  },
  // So few lists that they meet again: in other channels, on other branches, after the thread was deleted.
  {
    weight: 6,
    arbitrary: fc.record({
      edit: fc.constant("list" as const),
      channel,
      elements: fc.array(
        fc.record({ of: fc.constantFrom("fixed", "fixed", "fixed", "big"), n: fc.nat({ max: 1 }) }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ edit: fc.constant("drop" as const), channel }) },
);
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

const WRITTEN = [ERROR, INTERRUPT, RESUME];
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      step: fc.constant("put" as const),
      line,
      saver,
      edits: fc.array(edit, { maxLength: 4 }),
      how: fc.constantFrom("child", "child", "child", "root", "twice", "copy"),
      changed: fc.array(channel, { maxLength: 1 }),
      prefix: fc.nat({ max: 2 }),
      tag: fc.constantFrom("x", "y"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      step: fc.constant("writes" as const),
      line,
      saver,
      task: channel,
      path: fc.constantFrom(undefined, "", "~__pregel_pull, a", "~🦜", "~\uffee", "~\ud800", "a:b\n"),
      ahead: fc.boolean(),
      writes: fc.array(fc.tuple(fc.nat({ max: 5 }), element), { minLength: 0, maxLength: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constant("load" as const),
      line,
      saver,
      back: fc.option(fc.nat({ max: 5 })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constant("list" as const),
      line,
      saver,
      scope: fc.constantFrom("all", "thread", "namespace", "one"),
      limit: fc.option(fc.nat({ max: 4 }), { nil: undefined }),
      before: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
      filter: fc.constantFrom(
        undefined,
        {},
        { tag: "x" },
        { tag: "y", deep: { list: [1, { a: null }] } },
        { none: 1 },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constant("delete" as const), line, saver }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("restart" as const), saver }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type StepOf<Kind extends Step["step"]> = Extract<Step, { step: Kind }>;

// How it is played

/** One agent at work: on a thread and namespace, from one checkpoint to the next. */
interface Line {
  readonly thread: string;
  readonly ns: string;
  parent: string | undefined;
  /** The state, alive: its objects are changed and put again. */
  values: Map<string, unknown>;
  versions: Map<string, number>;
  /** The canonical values at the parent. */
  before: Map<string, string>;
  /** The id of the next checkpoint, when it was used already. */
  next: string | undefined;
}

class Run {
  private readonly store = randomUUID();
  private readonly oracle = new Oracle();
  private readonly lines: Line[];
  private savers: BaseCheckpointSaver[] = [];
  private readonly made: unknown[] = [];
  private count = 0;

  constructor(
    private readonly factory: ModelFactory,
    private readonly names: Names,
  ) {
    const [a, b] = names.threads as [string, string];
    const [space] = names.spaces as [string];
    // Two agents work on one thread, so that it forks; the third one's namespace is in that thread or in another.
    const places = [[a, ""], [a, ""], names.ids.length === 1 ? [a, space] : [b, space]] as const;
    this.lines = places.map(([thread, ns]) => ({
      ...{ thread, ns, parent: undefined, next: undefined },
      ...{ values: new Map(), versions: new Map(), before: new Map() },
    }));
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const n of [0, 1, 2]) this.savers[n] = await this.connect(n);
    try {
      for (const each of steps) await this.step(each);
      this.savers.push(await this.connect(0));
      for (const saver of this.savers) {
        for (const { thread, ns } of this.lines) await this.checkLatest(saver, thread, ns);
        await this.checkList(saver, undefined, undefined);
      }
    } finally {
      for (const saver of this.savers) await this.factory.destroy(saver);
    }
  }

  private connect(n: number): Promise<BaseCheckpointSaver> {
    return this.factory.create(this.store, { trackChanges: n !== 1, compression: n === 2 });
  }

  private async step(step: Step): Promise<void> {
    const saver = this.savers[step.saver] as BaseCheckpointSaver;
    switch (step.step) {
      case "put":
        return this.put(saver, step);
      case "writes":
        return this.writes(saver, step);
      case "load":
        return this.load(saver, step);
      case "list":
        return this.list(saver, step);
      case "delete": {
        const { thread, ns } = this.line(step.line);
        await saver.deleteThread(thread);
        this.oracle.deleteThread(thread);
        for (const each of this.savers) await this.checkLatest(each, thread, ns);
        return;
      }
      case "restart":
        await this.factory.destroy(saver);
        this.savers[step.saver] = await this.connect(step.saver);
    }
  }

  private async put(saver: BaseCheckpointSaver, step: StepOf<"put">): Promise<void> {
    const line = this.line(step.line);
    for (const each of step.edits) this.edit(line, each);
    const current = new Map([...line.values].map(([name, value]) => [name, canon(value)]));
    const forced = new Set(step.changed.map((n) => this.channel(n)));
    const changed = [...current.keys()].filter(
      (name) => forced.has(name) || current.get(name) !== line.before.get(name) || !line.versions.has(name),
    );
    // LangGraph's copy of a checkpoint stands beside it, and says that nothing in it is new.
    const copy = step.how === "copy" && line.parent !== undefined && changed.length === 0;
    const original = copy
      ? this.oracle.get({ thread: line.thread, ns: line.ns, id: line.parent as string })
      : undefined;
    const parent = step.how === "root" ? undefined : original ? original.parent : line.parent;
    const version = Math.max(0, ...line.versions.values()) + 1;
    for (const name of changed) line.versions.set(name, version);

    const id = line.next ?? this.id(step.prefix);
    line.next = undefined;
    const versions = Object.fromEntries(line.versions);
    const metadata = {
      ...{ source: original ? "fork" : "loop", step: this.count, parents: {}, tag: step.tag },
      deep: { list: [1, { a: null }] },
    } as CheckpointMetadata;
    const write = async (through: BaseCheckpointSaver) => {
      const checkpoint: Checkpoint = {
        ...{ v: 4, id, ts: "2026-01-01T00:00:00.000Z", versions_seen: { node: { [id]: 1 } } },
        channel_values: Object.fromEntries(line.values),
        channel_versions: versions,
      };
      const newVersions = Object.fromEntries(changed.map((name) => [name, version]));
      const at = await through.put(config(line.thread, line.ns, parent), checkpoint, metadata, newVersions);
      expect(at).toEqual(config(line.thread, line.ns, id));
    };
    await write(saver);
    if (step.how === "twice") {
      await write(saver);
      await write(this.savers[(step.saver + 1) % 3] as BaseCheckpointSaver);
    }
    const whole = parent !== undefined || original !== undefined;
    const stored = whole ? [...current.keys()] : changed;
    this.oracle.put({
      ...{ thread: line.thread, ns: line.ns, id, parent, versions: canon(versions) },
      metadata: metadata as unknown as Record<string, unknown>,
      values: new Map(stored.map((name) => [name, current.get(name) as string])),
    });
    line.parent = id;
    line.before = current;
    await this.checkOne(saver, line.thread, line.ns, id);
    await this.checkLatest(this.savers[(step.saver + 1) % 3] as BaseCheckpointSaver, line.thread, line.ns);
  }

  private edit(line: Line, edit: Edit): void {
    const name = this.channel(edit.channel);
    const value = line.values.get(name);
    const list: unknown[] | undefined = Array.isArray(value) ? value : undefined;
    switch (edit.edit) {
      case "append": {
        const added = edit.elements.map((each) => this.make(each));
        if (list && edit.inPlace) list.push(...added);
        else line.values.set(name, [...(list ?? []), ...added]);
        return;
      }
      case "list":
        line.values.set(
          name,
          edit.elements.map((each) => this.make(each)),
        );
        return;
      case "trim":
        if (list) line.values.set(name, list.slice(edit.count));
        return;
      case "pop":
        if (list) line.values.set(name, list.slice(0, Math.max(0, list.length - edit.count)));
        return;
      case "replace":
        if (list?.length) line.values.set(name, list.with(edit.at % list.length, this.make(edit.element)));
        return;
      case "mutate":
        mutate(list?.length ? list[edit.at % list.length] : value, edit.n);
        return;
      case "set":
        line.values.set(name, this.make(edit.element));
        return;
      case "copy": {
        const other = this.line(edit.line).values.get(this.channel(edit.from));
        if (other !== undefined)
          line.values.set(name, Array.isArray(other) && !edit.same ? [...other] : other);
        return;
      }
      case "drop":
        line.values.delete(name);
    }
  }

  private async writes(saver: BaseCheckpointSaver, step: StepOf<"writes">): Promise<void> {
    const line = this.line(step.line);
    if (step.ahead) line.next ??= this.id(step.task);
    const id = step.ahead ? line.next : line.parent;
    if (id === undefined) return;
    const task = this.names.tasks[step.task] as string;
    const writes = step.writes.map(([n, each]): [string, unknown] => [
      n < 3 ? this.channel(n) : (WRITTEN[n - 3] as string),
      this.make(each),
    ]);
    const texts = writes.map(([name, value]): [string, string] => [name, canon(value)]);
    await (saver as RedisSaver).putWrites(config(line.thread, line.ns, id), writes, task, step.path);
    this.oracle.putWrites({ thread: line.thread, ns: line.ns, id }, texts, task, step.path);
    await this.checkOne(saver, line.thread, line.ns, id);
  }

  /** Goes on from a checkpoint that is read: the latest, or one further back. */
  private async load(saver: BaseCheckpointSaver, step: StepOf<"load">): Promise<void> {
    const line = this.line(step.line);
    const listed = this.oracle.list(line.thread, line.ns);
    const expected = listed[step.back === null ? 0 : step.back % Math.max(1, listed.length)];
    const id = step.back === null ? undefined : expected?.id;
    const tuple = await saver.getTuple(config(line.thread, line.ns, id));
    expect(tuple && tupleText(tuple)).toBe(expected && this.oracle.text(expected));
    if (!tuple) return;
    line.parent = tuple.checkpoint.id;
    line.values = new Map(Object.entries(tuple.checkpoint.channel_values));
    line.versions = new Map(Object.entries(tuple.checkpoint.channel_versions as Record<string, number>));
    line.before = new Map([...line.values].map(([name, value]) => [name, canon(value)]));
    line.next = undefined;
  }

  private async list(saver: BaseCheckpointSaver, step: StepOf<"list">): Promise<void> {
    const { thread, ns } = this.line(step.line);
    if (step.scope === "all") return this.checkList(saver, undefined, undefined, step.limit);
    const space = step.scope === "thread" ? undefined : ns;
    const all = this.oracle.list(thread, space);
    const one = step.scope === "one" ? all[all.length >> 1]?.id : undefined;
    const before = step.before === undefined ? undefined : all[step.before % Math.max(1, all.length)]?.id;
    const { filter, limit } = step;
    const expected = all
      .filter(({ id }) => one === undefined || id === one)
      .filter(({ id }) => before === undefined || byBytes(id, before) < 0)
      .filter(({ metadata }) =>
        Object.entries(filter ?? {}).every(([key, wanted]) => canon(metadata[key]) === canon(wanted)),
      )
      .slice(0, limit);
    const at = { configurable: { thread_id: thread, checkpoint_ns: space, checkpoint_id: one } };
    const options = { limit, filter, before: before === undefined ? undefined : config(thread, ns, before) };
    const listed: string[] = [];
    for await (const tuple of saver.list(at, options)) listed.push(tupleText(tuple));
    expect(listed).toEqual(expected.map((each) => this.oracle.text(each)));
  }

  private async checkList(
    saver: BaseCheckpointSaver,
    thread: string | undefined,
    ns: string | undefined,
    limit?: number,
  ): Promise<void> {
    const listed = new Map<string, string[]>();
    let count = 0;
    for await (const tuple of saver.list(
      { configurable: { thread_id: thread, checkpoint_ns: ns } },
      { limit },
    )) {
      const of = tuple.config.configurable?.thread_id as string;
      listed.set(of, [...(listed.get(of) ?? []), tupleText(tuple)]);
      count += 1;
    }
    expect(count).toBe(Math.min(limit ?? Number.POSITIVE_INFINITY, this.oracle.list(thread, ns).length));
    for (const [of, texts] of listed) {
      const expected = this.oracle.list(of, ns).map((each) => this.oracle.text(each));
      expect(texts).toEqual(limit === undefined ? expected : expected.slice(0, texts.length));
    }
  }

  private async checkLatest(saver: BaseCheckpointSaver, thread: string, ns: string): Promise<void> {
    this.check(await saver.getTuple(config(thread, ns)), this.oracle.latest(thread, ns));
  }

  private async checkOne(saver: BaseCheckpointSaver, thread: string, ns: string, id: string): Promise<void> {
    const expected = this.oracle.get({ thread, ns, id });
    const newest = this.oracle.latest(thread, ns);
    if (!expected && newest && byBytes(id, newest.id) < 0) {
      await expect(saver.getTuple(config(thread, ns, id))).rejects.toThrow(CheckpointNotFoundError);
      return;
    }
    this.check(await saver.getTuple(config(thread, ns, id)), expected);
  }

  private check(
    tuple: Awaited<ReturnType<BaseCheckpointSaver["getTuple"]>>,
    expected: ModelCheckpoint | undefined,
  ): void {
    expect(tuple && tupleText(tuple)).toBe(expected && this.oracle.text(expected));
  }

  private make({ of, n }: Element): unknown {
    if (of === "again" && this.made.length > 0) return this.made[n % this.made.length];
    const made = (ELEMENTS[of] ?? (() => n))(n);
    // A list that contains itself is no data.
    if (!Array.isArray(made)) this.made.push(made);
    return made;
  }

  private line(n: number): Line {
    return this.lines[n] as Line;
  }

  private channel(n: number): string {
    return this.names.channels[n] as string;
  }

  private id(prefix: number): string {
    this.count += 1;
    return `${this.names.ids[prefix % this.names.ids.length]}${String(this.count).padStart(4, "0")}`;
  }
}

/** Changes something inside a value, in place. */
function mutate(value: unknown, n: number): void {
  if (typeof value !== "object" || value === null) return;
  if (value instanceof Uint8Array) value[0] = n;
  else if (value instanceof Map) value.set("mutated", n);
  else if (Array.isArray(value)) value.push(n);
  else if ("additional_kwargs" in value && n % 2 === 0) (value as HumanMessage).additional_kwargs.n = n;
  else if ("content" in value) value.content = `mutated ${n} ${"y".repeat(200)}`;
  else if ("deep" in value) (value.deep as { list: unknown[] }).list[1] = { n };
  else (value as { n: number }).n = n;
}

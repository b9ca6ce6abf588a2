import { WRITES_IDX_MAP } from "@langchain/langgraph-checkpoint";
import { encodeKeyPart } from "../../../src/redis/key-encoding.js";
import { byBytes, byCodePoints } from "../../conformance/saver/oracle.js";
import type { ListCommand, Place, PutCommand, PutWritesCommand, TupleText } from "./commands.js";
import { sortedJson, tsOf } from "./host.js";
import { brief, elementText, type ValueSpec, valueText } from "./values.js";

/** A checkpoint. Never changed, so that copies of the oracle share it. */
export interface ModelCheckpoint {
  readonly id: string;
  readonly parent: string | undefined;
  readonly values: ReadonlyMap<string, ValueSpec>;
  readonly versions: Readonly<Record<string, number>>;
  readonly metadata: string;
  readonly rest: string;
  readonly tag: string;
  readonly run: string | undefined;
  /** The channels of which it holds no more than what was written since an ancestor. */
  readonly deltas: ReadonlySet<string>;
  /** The checkpoint that its namespace hangs on, when that is one task's. */
  readonly hangsOn: { readonly ns: string; readonly id: string } | undefined;
}

export interface ModelWrite {
  readonly task: string;
  readonly path: string;
  readonly index: number;
  readonly channel: string;
  readonly value: string;
}

/** A moment, as exactly as two processes can know it. */
export interface Moment {
  readonly from: number;
  readonly to: number;
}

export interface ModelThread {
  /** By namespace, then by id. */
  readonly checkpoints: Map<string, Map<string, ModelCheckpoint>>;
  readonly writes: Map<string, Map<string, ModelWrite[]>>;
  /** The largest id that each namespace has lost while older ones stayed. */
  readonly lost: Map<string, string>;
  /** Milliseconds of its own, 0 for ever. */
  ownTtl: number | undefined;
  /** When it expires; undefined for never. */
  expires: Moment | undefined;
  created: Moment;
  /** The time of the last write. */
  written: Moment;
  /** One of its keys has been evicted. */
  damaged: boolean;
  /** Checkpoints were removed from it. */
  emptied: boolean;
}

/** What a saver on this store should hold, kept in the plainest way. */
export class Oracle {
  readonly threads = new Map<string, ModelThread>();

  constructor(private readonly history: "all" | "latest") {}

  copy(): Oracle {
    const copy = new Oracle(this.history);
    for (const [id, thread] of this.threads) copy.threads.set(id, copyOf(thread));
    return copy;
  }

  // Reading

  get({ thread, ns, id }: Place & { id: string }): ModelCheckpoint | undefined {
    return this.threads.get(thread)?.checkpoints.get(ns)?.get(id);
  }

  /** Newest first. */
  ids(thread: string, ns: string): string[] {
    return [...(this.threads.get(thread)?.checkpoints.get(ns)?.keys() ?? [])].sort((a, b) => byBytes(b, a));
  }

  latest(thread: string, ns: string): string | undefined {
    return this.ids(thread, ns)[0];
  }

  count(thread: string): number {
    let count = 0;
    for (const space of this.threads.get(thread)?.checkpoints.values() ?? []) count += space.size;
    return count;
  }

  /**
   * Why a checkpoint that is named cannot be gone on from: others of its namespace are there, or have come after it.
   */
  refusal({ thread, ns, id }: Place & { id: string }): "gone" | "superseded" | undefined {
    const newest = this.latest(thread, ns);
    if (newest === undefined) return undefined;
    const isThere = this.get({ thread, ns, id }) !== undefined;
    if (this.history === "latest" && !this.goesOnFrom({ thread, ns, id }, newest)) {
      return isThere ? "superseded" : "gone";
    }
    return isThere ? undefined : "gone";
  }

  /** Whether one that is named but not there may still come. */
  isToCome({ thread, ns, id }: Place & { id: string }): boolean {
    const newest = this.latest(thread, ns);
    const lost = this.threads.get(thread)?.lost.get(ns);
    return newest !== undefined && byBytes(newest, id) < 0 && (lost === undefined || byBytes(lost, id) < 0);
  }

  private goesOnFrom({ thread, ns, id }: Place & { id: string }, newest: string): boolean {
    let at: string | undefined = id;
    for (let step = 0; at !== undefined && step < 100; step++) {
      if (at === newest) return true;
      at = this.get({ thread, ns, id: at })?.parent;
    }
    return false;
  }

  text(
    thread: string,
    ns: string,
    { id, parent, values, versions, metadata, rest }: ModelCheckpoint,
  ): TupleText {
    return {
      ...{ ns, id, parent: parent ?? null, metadata, rest },
      values: [...values]
        .map(([channel, value]) => [channel, brief(valueText(value))] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
      versions: sortedJson(versions),
      writes: this.writes(thread, ns, id).map(({ task, channel, value }) => [task, channel, value]),
    };
  }

  /** In the order in which LangGraph applies them. */
  private writes(thread: string, ns: string, id: string): ModelWrite[] {
    const writes = this.threads.get(thread)?.writes.get(ns)?.get(id) ?? [];
    return [...writes].sort(
      (a, b) => byCodePoints(a.path, b.path) || byCodePoints(a.task, b.task) || a.index - b.index,
    );
  }

  /** What is listed of one thread, newest first, equal ids by encoded namespace. */
  list(thread: string, { ns, id, before, filter }: Omit<ListCommand, "do">): TupleText[] {
    const spaces = [...(this.threads.get(thread)?.checkpoints ?? [])].filter(
      ([name]) => ns === undefined || name === ns,
    );
    return spaces
      .flatMap(([space, checkpoints]) => [...checkpoints.values()].map((each) => [space, each] as const))
      .filter(([, each]) => id === undefined || each.id === id)
      .filter(([, each]) => before === undefined || byBytes(each.id, before) < 0)
      .filter(([, { metadata }]) => {
        const all = JSON.parse(metadata) as Record<string, unknown>;
        return Object.entries(filter ?? {}).every(
          ([key, wanted]) => sortedJson(all[key]) === sortedJson(wanted),
        );
      })
      .sort(([inA, a], [inB, b]) => byBytes(b.id, a.id) || byBytes(encodeKeyPart(inA), encodeKeyPart(inB)))
      .map(([space, each]) => this.text(thread, space, each));
  }

  /** The writes to each channel since the nearest ancestor that holds its value, oldest first, and that value. */
  deltaHistory({ thread, ns, id }: Place, channels: readonly string[]): unknown {
    const start = id ?? this.latest(thread, ns);
    return channels.map((channel) => {
      const writes: unknown[] = [];
      let at = start && this.get({ thread, ns, id: start })?.parent;
      for (;;) {
        const ancestor = at === undefined ? undefined : this.get({ thread, ns, id: at });
        if (!ancestor) return [channel, writes, null];
        const own = this.writes(thread, ns, ancestor.id).filter((each) => each.channel === channel);
        writes.unshift(...own.map(({ task, value }) => [task, channel, value]));
        const seed = ancestor.values.get(channel);
        if (seed) return [channel, writes, brief(valueText(seed))];
        at = ancestor.parent;
      }
    });
  }

  // Writing

  put(command: PutCommand, at: Moment): "stored" | "superseded" | "already" {
    const { thread, ns, id, parent, source, values, changed, run, runIn } = command;
    const before = this.get({ thread, ns, id });
    if (this.history === "latest" && parent !== undefined && !before) {
      const newest = this.latest(thread, ns);
      if (newest !== undefined && this.refusal({ thread, ns, id: parent })) {
        const last = this.get({ thread, ns, id: newest }) as ModelCheckpoint;
        // A call that is sent again after the next one was stored.
        if (last.parent === id) return "already";
        const copies =
          source === "fork" && parent === last.parent && includes(command.versions, last.versions);
        if (!copies) return "superseded";
      }
    }
    const isWhole = parent !== undefined || source !== "loop" || changed === null;
    const stored = values.filter(([channel]) => isWhole || changed?.includes(channel));
    const known = parent === undefined ? undefined : this.get({ thread, ns, id: parent });
    const snapshots = stored.filter(([, value]) => "snapshot" in value).map(([channel]) => channel);
    // Older versions of LangGraph do not name the delta channels in copies and updates.
    const isNamed = source === "loop" || command.counters.length > 0;
    const named = [...command.counters, ...(isNamed ? [] : (known?.deltas ?? []))];
    const metadata: Record<string, unknown> = {
      ...{
        source,
        step: command.step,
        parents: command.parents,
        tag: command.tag,
        deep: { list: [1, { a: null }] },
      },
      ...(command.counters.length > 0
        ? {
            counters_since_delta_snapshot: Object.fromEntries(command.counters.map((each) => [each, [1, 1]])),
          }
        : {}),
      ...(run !== undefined && runIn === "metadata" ? { run_id: run } : {}),
    };
    const into = this.ensure(thread, at);
    place(into.checkpoints, ns).set(id, {
      // A run with durability "exit" that ends where it began puts its checkpoint again, as a child of itself.
      ...{ id, parent: parent === id ? before?.parent : parent },
      ...{ values: new Map(stored), versions: command.versions, run, tag: command.tag },
      metadata: sortedJson(metadata),
      rest: sortedJson({
        v: 4,
        ts: tsOf(command.step),
        versions_seen: { node: { [command.tag]: command.step } },
      }),
      deltas: new Set([...named, ...snapshots]),
      hangsOn: hangsOn(command),
    });
    into.written = at;
    if (this.history === "latest") this.keepNewest(thread, ns, id);
    return "stored";
  }

  putWrites({ thread, ns, id, task, path = "", writes }: PutWritesCommand, at: Moment): void {
    const state = this.ensure(thread, at);
    state.written = at;
    const into = place(state.writes, ns);
    const stored = [...(into.get(id) ?? [])];
    writes.forEach(([channel, element], position) => {
      const special = Object.hasOwn(WRITES_IDX_MAP, channel);
      const index = special ? (WRITES_IDX_MAP[channel] as number) : position;
      const earlier = stored.findIndex((each) => each.task === task && each.index === index);
      if (earlier !== -1 && !special) return;
      if (earlier !== -1) stored.splice(earlier, 1);
      stored.push({ task, path, index, channel, value: brief(elementText(element)) });
    });
    into.set(id, stored);
  }

  copyThread(source: string, target: string, at: Moment): "no source" | "target exists" | "copied" {
    const from = this.threads.get(source);
    if (!from) return "no source";
    if (this.threads.has(target)) return "target exists";
    this.threads.set(target, { ...copyOf(from), created: at, written: at });
    return "copied";
  }

  prune(thread: string, options: { keepLast?: number; strategy?: string }): number {
    const count = this.count(thread);
    if (options.strategy === "delete") {
      this.threads.delete(thread);
      return count;
    }
    const spaces = this.threads.get(thread)?.checkpoints ?? new Map();
    const wanted = [...spaces.keys()].flatMap((ns) =>
      this.ids(thread, ns)
        .slice(0, options.keepLast ?? 1)
        .map((id) => nameOf(ns, id)),
    );
    this.removeAllBut(thread, new Set(wanted));
    return count - this.count(thread);
  }

  deleteForRuns(runs: readonly string[]): number {
    let removed = 0;
    for (const [id, thread] of [...this.threads]) {
      const count = this.count(id);
      const wanted = new Set<string>();
      for (const [ns, checkpoints] of thread.checkpoints) {
        for (const { id, run } of checkpoints.values()) {
          if (run === undefined || !runs.includes(run)) wanted.add(nameOf(ns, id));
        }
      }
      this.removeAllBut(id, wanted);
      removed += count - this.count(id);
    }
    return removed;
  }

  /**
   * Removes what is not wanted, but for what is needed to read what stays; where no history is kept, with the namespaces
   * that hang on it.
   */
  private removeAllBut(threadId: string, wanted: ReadonlySet<string>): void {
    const thread = this.threads.get(threadId);
    if (!thread) return;
    thread.emptied = true;
    const removed = new Set<string>();
    for (const [ns, checkpoints] of [...thread.checkpoints]) {
      const kept = new Set([...checkpoints.keys()].filter((id) => wanted.has(nameOf(ns, id))));
      // What is added is looked at in its turn.
      for (const id of kept) {
        const needs = needsParent(checkpoints.get(id));
        if (needs !== undefined && checkpoints.has(needs)) kept.add(needs);
      }
      this.remove(
        threadId,
        ns,
        [...checkpoints.keys()].filter((id) => !kept.has(id)),
        removed,
      );
    }
    for (let count = 0; this.history === "latest" && count < removed.size; ) {
      count = removed.size;
      for (const [ns, checkpoints] of [...thread.checkpoints]) {
        const on = checkpoints.get(this.latest(threadId, ns) as string)?.hangsOn;
        if (on && removed.has(nameOf(on.ns, on.id)))
          this.remove(threadId, ns, [...checkpoints.keys()], removed);
      }
    }
    const writes = [...thread.writes.values()].some((space) =>
      [...space.values()].some((each) => each.length > 0),
    );
    if (thread.checkpoints.size === 0 && !writes) this.threads.delete(threadId);
  }

  private remove(threadId: string, ns: string, ids: readonly string[], removed: Set<string>): void {
    const { checkpoints, writes, lost } = this.threads.get(threadId) as ModelThread;
    for (const id of ids) {
      checkpoints.get(ns)?.delete(id);
      writes.get(ns)?.delete(id);
      removed.add(nameOf(ns, id));
    }
    const [largest, newest] = [[...ids].sort(byBytes).at(-1), this.latest(threadId, ns)];
    if (newest === undefined) {
      checkpoints.delete(ns);
      lost.delete(ns);
    } else if (
      largest !== undefined &&
      byBytes(newest, largest) < 0 &&
      byBytes(lost.get(ns) ?? "", largest) < 0
    ) {
      lost.set(ns, largest);
    }
  }

  /** With history "latest" the older checkpoints of the namespace go. */
  private keepNewest(threadId: string, ns: string, newest: string): void {
    if (this.latest(threadId, ns) !== newest) return;
    const { checkpoints } = this.threads.get(threadId) as ModelThread;
    const wanted = [...checkpoints].flatMap(([space, each]) =>
      [...each.keys()].filter((id) => space !== ns || id === newest).map((id) => nameOf(space, id)),
    );
    this.removeAllBut(threadId, new Set(wanted));
  }

  private ensure(id: string, written: Moment): ModelThread {
    const known = this.threads.get(id);
    if (known) return known;
    const thread: ModelThread = {
      ...{ checkpoints: new Map(), writes: new Map(), lost: new Map() },
      ...{ ownTtl: undefined, expires: undefined, created: written, written, damaged: false, emptied: false },
    };
    this.threads.set(id, thread);
    return thread;
  }
}

/** The parent without which a checkpoint cannot be read in full. */
function needsParent(checkpoint: ModelCheckpoint | undefined): string | undefined {
  if (!checkpoint) return undefined;
  const isOpen = [...checkpoint.deltas].some((channel) => !checkpoint.values.has(channel));
  return isOpen ? checkpoint.parent : undefined;
}

/** LangGraph appends the task's id to the name of a subgraph's namespace, when it is one task's. */
function hangsOn({ ns, parents }: PutCommand): { ns: string; id: string } | undefined {
  const lastBar = ns.lastIndexOf("|");
  if (!ns.slice(lastBar + 1).includes(":")) return undefined;
  const parentNs = lastBar === -1 ? "" : ns.slice(0, lastBar);
  const id = parents[parentNs];
  return id === undefined ? undefined : { ns: parentNs, id };
}

function includes(all: Readonly<Record<string, number>>, some: Readonly<Record<string, number>>): boolean {
  return Object.entries(some).every(([channel, version]) => all[channel] === version);
}

function nameOf(ns: string, id: string): string {
  return JSON.stringify([ns, id]);
}

function place<T>(spaces: Map<string, Map<string, T>>, ns: string): Map<string, T> {
  const space = spaces.get(ns) ?? new Map<string, T>();
  spaces.set(ns, space);
  return space;
}

function copyOf(thread: ModelThread): ModelThread {
  const copied = <T>(spaces: Map<string, Map<string, T>>) =>
    new Map([...spaces].map(([ns, each]) => [ns, new Map(each)]));
  const { checkpoints, writes, lost } = thread;
  return { ...thread, checkpoints: copied(checkpoints), writes: copied(writes), lost: new Map(lost) };
}

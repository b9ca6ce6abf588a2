import type { Command, Place, PutCommand } from "./commands.js";
import { applyEdit } from "./edits.js";
import type { ModelCheckpoint, Oracle } from "./oracle.js";
import { SAVERS } from "./savers.js";
import { type PutStep, SPECIAL, type Stage, type Step, type Which } from "./steps.js";
import type { ElementSpec, ValueSpec } from "./values.js";

/** A command for one of {@link SAVERS}. */
export interface Order {
  readonly saver: number;
  readonly command: Command;
}

/** Turns steps into commands, by what the oracle holds at that moment. */
export class Resolver {
  private count = 0;
  /** Every checkpoint that was ever put, by thread and namespace. */
  private readonly known = new Map<string, ModelCheckpoint[]>();
  /** Ids of checkpoints that have pending writes, and are to come. */
  private readonly reserved = new Map<string, string>();
  private readonly puts: PutCommand[] = [];
  /** Of which it cannot be told whether they have pending writes. */
  private readonly vague = new Set<string>();

  constructor(private readonly stage: Stage) {}

  resolve(oracle: Oracle, step: Step): Order[] {
    const { stage } = this;
    const thread = "thread" in step ? (stage.threads[step.thread] as string) : "";
    const ns = "ns" in step ? (stage.spaces[step.ns] as string) : "";
    const damaged = stage.threads.filter((id) => oracle.threads.get(id)?.damaged);
    switch (step.step) {
      case "put":
        return this.put(oracle, step, { thread, ns });
      case "writes": {
        // That no writes at all make a thread is not said.
        if (step.writes.length === 0 && oracle.count(thread) === 0) return [];
        const id = this.idOf(oracle, step, { thread, ns }) ?? this.next(thread, ns);
        const channels = [...stage.channels, ...stage.deltas, ...SPECIAL];
        const writes = step.writes.map(([at, value]) => [channels[at] as string, value] as const);
        const task = stage.tasks[step.task] as string;
        const orders: Order[] = [
          { saver: step.by, command: { do: "putWrites", thread, ns, id, task, path: step.path, writes } },
        ];
        return [...orders, ...this.read(step.reader, { thread, ns, id })];
      }
      case "get": {
        const id = step.which === "newest" ? undefined : this.idOf(oracle, step, { thread, ns });
        return [{ saver: step.by, command: { do: "getTuple", thread, ns, id, adopt: step.adopt } }];
      }
      case "history": {
        const id = step.which === "newest" ? undefined : this.idOf(oracle, step, { thread, ns });
        const channels = [...stage.deltas, stage.channels[0] as string];
        return [{ saver: step.by, command: { do: "history", thread, ns, id, channels } }];
      }
      case "list": {
        const id = this.idOf(oracle, step, { thread, ns });
        const { limit, filter } = step;
        const before = step.before ? oracle.ids(thread, ns)[step.back % 3] : undefined;
        const where = {
          all: {},
          thread: { thread },
          namespace: { thread, ns },
          one: { thread, ns: step.back % 2 ? ns : undefined, id },
        }[step.scope];
        return [{ saver: step.by, command: { do: "list", ...where, before, limit, filter } }];
      }
      case "retry": {
        const command = this.puts.at(-1 - step.back);
        if (!command) return [];
        const isThere = oracle.get(command) !== undefined;
        // Whether that removes older ones is not said: only what changes a thread must.
        if (this.stage.history === "latest" && oracle.ids(command.thread, command.ns).length > 1) return [];
        // Writes that came after it was removed may be there or not.
        const late = oracle.threads.get(command.thread)?.writes.get(command.ns)?.get(command.id);
        const isVague = late !== undefined || this.vague.has(keyOf(command.ns, command.id));
        return isThere || !isVague ? [{ saver: step.by, command }] : [];
      }
      case "copy": {
        const target = stage.threads[step.to] as string;
        // Of a thread without checkpoints it is not said whether it can be copied.
        const isVague = oracle.threads.has(thread) && oracle.count(thread) === 0;
        return isVague || target === thread
          ? []
          : [{ saver: step.by, command: { do: "copyThread", source: thread, target } }];
      }
      case "delete":
        return [{ saver: step.by, command: { do: "deleteThread", thread } }];
      case "prune": {
        const named = step.threads.map((at) => stage.threads[at] as string);
        const sound = named.filter((id) => !damaged.includes(id));
        const threads =
          sound.length === named.length ? named : damaged.filter((id) => named.includes(id)).slice(0, 1);
        if (threads === named || step.options.strategy !== "delete") this.forgetReserved(threads);
        else return [];
        return [{ saver: step.by, command: { do: "prune", threads, options: step.options } }];
      }
      case "delete runs": {
        if (damaged.length > 0) return [];
        this.forgetReserved(stage.threads);
        return [
          {
            saver: step.by,
            command: { do: "deleteForRuns", runs: step.runs.map((at) => stage.runs[at] as string) },
          },
        ];
      }
      case "live":
        // Of a thread without checkpoints it is not said whether it is one.
        if (oracle.threads.has(thread) && oracle.count(thread) === 0) return [];
        return step.minutes === 0
          ? [{ saver: step.by, command: { do: "persist", thread } }]
          : [{ saver: step.by, command: { do: "expire", thread, minutes: step.minutes } }];
      case "threads":
        return [{ saver: step.by, command: { do: "listThreads", limit: step.limit, orderBy: step.orderBy } }];
      case "restart":
        return [{ saver: step.by, command: { do: "restart" } }];
      default:
        return [];
    }
  }

  private put(oracle: Oracle, step: PutStep, place: Place): Order[] {
    const { thread, ns } = place;
    const { stage } = this;
    const parentId = this.idOf(oracle, step, place);
    const found = parentId === undefined ? undefined : this.knownAs(oracle, { thread, ns, id: parentId });
    const newest = oracle.latest(thread, ns);
    // A root checkpoint whose channels are those of another one, of which only the new ones are stored.
    const isLike = step.which === "none" && step.back % 2 === 1 && newest !== undefined;
    const base = found ?? (isLike ? oracle.get({ thread, ns, id: newest }) : undefined);
    const how = found || step.how === "step" || step.how === "twice" ? step.how : "step";
    const source = how === "copy" ? "fork" : how === "update" ? "update" : "loop";

    const values = new Map(
      [...(base?.values ?? [])].filter(([, value]) => how === "copy" || !("snapshot" in value)),
    );
    const versions: Record<string, number> = { ...base?.versions };
    const version = Math.max(0, ...Object.values(versions)) + 1;
    const changed = new Set<string>();
    const edited: [ElementSpec, ElementSpec][] = [];
    const deltas = new Set<string>();
    if (how !== "copy") {
      for (const edit of step.edits) {
        const channel = applyEdit(stage, oracle, edit, values, edited);
        if (channel === undefined) continue;
        if (values.has(channel)) changed.add(channel);
        else changed.delete(channel);
        if (edit.edit === "drop" && !edit.version) delete versions[channel];
      }
      for (const [at, change] of step.deltas.entries()) {
        const channel = stage.deltas[at] as string;
        const was = base?.deltas.has(channel) ?? false;
        const is = change !== "leaves" && (was || change === "comes" || change === "snapshot");
        if (!is) delete versions[channel];
        else deltas.add(channel);
        if (is && change !== "kept") changed.add(channel);
        if (is && change === "snapshot")
          values.set(channel, {
            snapshot: [
              ["fixed", version % 4, 0],
              ["number", version, 0],
            ],
          });
      }
    }
    // Updates from outside change values, and say that nothing is new.
    if (source === "update")
      for (const channel of changed) if (versions[channel] !== undefined) changed.delete(channel);
    const unchanged = [...values.keys()].filter((channel) => !changed.has(channel));
    if (step.changed === "more" && source === "loop")
      unchanged.slice(0, 1).forEach((channel) => void changed.add(channel));
    for (const channel of changed) versions[channel] = version;

    const id = how === "again" ? (base?.id as string) : this.takeNext(oracle, place, step.prefix);
    const parent = how === "copy" ? found?.parent : parentId;
    this.count += 1;
    const command: PutCommand = {
      ...{
        do: "put",
        thread,
        ns,
        id,
        parent,
        source,
        versions,
        edited,
        inPlace: step.inPlace,
        tag: step.tag,
      },
      values: [...values],
      changed: step.changed === "left out" && source === "loop" ? null : [...changed],
      counters: this.named(how === "copy" ? base : undefined, deltas, values, source, step.back),
      parents: this.parentsOf(oracle, thread, ns),
      run: stage.runs[step.run],
      ...{ runIn: step.runIn, step: this.count },
    };
    this.puts.push(command);
    const orders: Order[] = [{ saver: step.by, command }];
    if (how === "twice") orders.push({ saver: (step.by + 1 + (step.back % 5)) % SAVERS.length, command });
    return [...orders, ...this.read(step.reader, { thread, ns, id })];
  }

  /** The delta channels that LangGraph names. */
  private named(
    copied: ModelCheckpoint | undefined,
    deltas: ReadonlySet<string>,
    values: ReadonlyMap<string, ValueSpec>,
    source: PutCommand["source"],
    like: number,
  ): string[] {
    // Its older versions name none of copies and updates.
    if (source !== "loop" && like % 2 === 0) return [];
    const all = copied ? copied.deltas : deltas;
    // It may or may not name those that are stored whole.
    return [...all].filter((each) => !values.has(each) || like % 4 < 2);
  }

  private read(reader: number | undefined, place: Place): Order[] {
    return reader === undefined
      ? []
      : [{ saver: reader, command: { do: "getTuple", ...place, adopt: false } }];
  }

  private idOf(
    oracle: Oracle,
    { which, back }: { which: Which; back: number },
    { thread, ns }: Place,
  ): string | undefined {
    const ids = oracle.ids(thread, ns);
    switch (which) {
      case "newest":
        return ids[0];
      case "older":
        return ids[back % Math.max(1, ids.length)];
      case "removed": {
        const gone = this.gone(oracle, { thread, ns });
        return gone[back % Math.max(1, gone.length)];
      }
      case "never":
        return back % 2 ? "0 never" : "\u{10ffff} never";
      case "next":
        return this.next(thread, ns);
      case "none":
        return undefined;
    }
  }

  /** The ids of checkpoints that were there once. */
  gone(oracle: Oracle, { thread, ns }: Place): string[] {
    const all = this.known.get(keyOf(thread, ns)) ?? [];
    return all.map(({ id }) => id).filter((id) => !oracle.get({ thread, ns, id }));
  }

  private knownAs(oracle: Oracle, place: Place & { id: string }): ModelCheckpoint | undefined {
    const all = this.known.get(keyOf(place.thread, place.ns)) ?? [];
    return oracle.get(place) ?? all.findLast(({ id }) => id === place.id);
  }

  /** Takes notice of what was stored. */
  learn(oracle: Oracle): void {
    for (const [thread, { checkpoints }] of oracle.threads) {
      for (const [ns, each] of checkpoints) {
        const known = this.known.get(keyOf(thread, ns)) ?? [];
        this.known.set(keyOf(thread, ns), known);
        for (const checkpoint of each.values()) if (!known.includes(checkpoint)) known.push(checkpoint);
      }
    }
  }

  /**
   * Of commands at the same time it cannot be told whether writes for a checkpoint that is to come were there when its
   * thread was deleted or copied.
   */
  blur(oracle: Oracle, orders: readonly Order[]): void {
    for (const { command } of orders) {
      if (command.do !== "putWrites" || oracle.get(command)) continue;
      this.vague.add(keyOf(command.ns, command.id));
      this.forgetReserved(this.stage.threads);
    }
  }

  /** Pending writes of checkpoints to come may be taken for late ones when checkpoints are removed. */
  private forgetReserved(threads: readonly string[]): void {
    for (const thread of threads) for (const ns of this.stage.spaces) this.reserved.delete(keyOf(thread, ns));
  }

  private next(thread: string, ns: string): string {
    const key = keyOf(thread, ns);
    const next = this.reserved.get(key) ?? this.newId(0);
    // Writes in a task's namespace go when what it hangs on goes.
    if (this.stage.history === "all" || !ns.includes(":")) this.reserved.set(key, next);
    return next;
  }

  private takeNext(oracle: Oracle, { thread, ns }: Place, prefix: number): string {
    const key = keyOf(thread, ns);
    const next = this.reserved.get(key);
    this.reserved.delete(key);
    const newest = oracle.latest(thread, ns);
    const isLate =
      this.stage.history === "latest" && newest !== undefined && next !== undefined && next < newest;
    return next !== undefined && !isLate ? next : this.newId(prefix);
  }

  private newId(prefix: number): string {
    this.count += 1;
    const { prefixes } = this.stage;
    return `${prefixes[prefix % prefixes.length]}${String(this.count).padStart(5, "0")}`;
  }

  /** The newest checkpoints of the namespaces that a namespace is in. */
  private parentsOf(oracle: Oracle, thread: string, ns: string): Record<string, string> {
    const parents: Record<string, string> = {};
    for (const space of this.stage.spaces) {
      const isAbove = space === "" ? ns !== "" : ns.startsWith(`${space}|`);
      const id = isAbove ? oracle.latest(thread, space) : undefined;
      if (id !== undefined) parents[space] = id;
    }
    return parents;
  }
}

function keyOf(thread: string, ns: string): string {
  return JSON.stringify([thread, ns]);
}

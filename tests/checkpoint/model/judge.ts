import { isDeepStrictEqual } from "node:util";
import { byBytes } from "../../conformance/saver/oracle.js";
import type { Command, ListCommand, Outcome, PutCommand, ThreadText, TupleText } from "./commands.js";
import type { ModelThread, Moment, Oracle } from "./oracle.js";
import { CLOCKS, type SaverSettings } from "./savers.js";

/** A command that was carried out. */
export interface Deed {
  readonly command: Command;
  readonly saver: SaverSettings;
  readonly outcome: Outcome;
  /** When it was called, and when it was answered. */
  readonly at: Moment;
}

/** Tells what is wrong with the outcome of a command, undefined if nothing is, and does to the oracle what it did. */
export function judge(oracle: Oracle, deed: Deed): string | undefined {
  const { command, outcome } = deed;
  const damaged = touched(command).some((id) => oracle.threads.get(id)?.damaged);
  if (damaged && command.do !== "deleteThread") return judgeDamaged(oracle, deed);
  const value = (expected: unknown) =>
    isDeepStrictEqual(outcome, { value: expected }) ? undefined : differs(expected, outcome);
  const refused = (error: string) =>
    "error" in outcome && outcome.error === error ? undefined : differs(error, outcome);

  switch (command.do) {
    case "put": {
      // What its delta channels are read from may be gone: then a saver may refuse it.
      if (isOrphan(oracle, command) && "error" in outcome && outcome.error === "CheckpointNotFoundError")
        return;
      const came = oracle.put(command, deed.at);
      if (came === "superseded") return refused("CheckpointNotFoundError");
      const into = oracle.threads.get(command.thread);
      if (came === "stored") touch(into, deed, deed.saver.writeTtl);
      else mayTouch(into, deed, deed.saver.writeTtl);
      return value(command.id);
    }
    case "putWrites":
      oracle.putWrites(command, deed.at);
      touch(oracle.threads.get(command.thread), deed, deed.saver.writeTtl);
      return value(null);
    case "getTuple": {
      const { thread, ns } = command;
      const id = command.id ?? oracle.latest(thread, ns);
      if (id === undefined) return value(null);
      const found = oracle.get({ thread, ns, id });
      if (oracle.refusal({ thread, ns, id }) && !(!found && oracle.isToCome({ thread, ns, id }))) {
        return refused("CheckpointNotFoundError");
      }
      mayTouch(oracle.threads.get(thread), deed);
      if (found && deed.saver.readTtl !== undefined)
        touch(oracle.threads.get(thread), deed, deed.saver.readTtl);
      return value(found ? oracle.text(thread, ns, found) : null);
    }
    case "list":
      return judgeList(oracle, deed);
    case "history": {
      const { thread, ns, id, channels } = command;
      mayTouch(oracle.threads.get(thread), deed);
      const isGone =
        id !== undefined && oracle.latest(thread, ns) !== undefined && !oracle.get({ thread, ns, id });
      if (isGone && !oracle.isToCome({ thread, ns, id })) return refused("CheckpointNotFoundError");
      return value(oracle.deltaHistory({ thread, ns, id }, channels));
    }
    case "copyThread":
      return oracle.copyThread(command.source, command.target, deed.at) === "copied"
        ? value(null)
        : refused("InvalidInputError");
    case "deleteThread":
      oracle.threads.delete(command.thread);
      return value(null);
    case "prune":
      return value(command.threads.reduce((sum, thread) => sum + oracle.prune(thread, command.options), 0));
    case "deleteForRuns": {
      const anyDamaged = [...oracle.threads.values()].some(({ damaged }) => damaged);
      if (anyDamaged && "error" in outcome) return refused("CorruptRecordError");
      const removed = oracle.deleteForRuns(command.runs);
      return anyDamaged ? undefined : value(removed);
    }
    case "expire":
    case "persist": {
      const thread = oracle.threads.get(command.thread);
      if (thread) {
        thread.ownTtl = command.do === "expire" ? Math.ceil(command.minutes * 60_000) : 0;
        touch(thread, deed, undefined);
      }
      return value(thread !== undefined);
    }
    case "listThreads":
      return judgeThreads(oracle, deed);
    case "restart":
      return value(null);
  }
}

/** Every operation on a thread that has lost a key says so. */
function judgeDamaged(oracle: Oracle, { command, outcome }: Deed): string | undefined {
  if ("error" in outcome && outcome.error === "CorruptRecordError") {
    // The other threads may have been pruned before.
    if (command.do === "prune") {
      for (const thread of command.threads)
        if (!oracle.threads.get(thread)?.damaged) return "do not prune damaged threads with others";
    }
    return;
  }
  if (command.do === "copyThread" && "error" in outcome && outcome.error === "InvalidInputError") {
    return oracle.threads.get(command.target) ? undefined : differs("CorruptRecordError", outcome);
  }
  if (command.do === "list" && isEmpty(command)) return;
  return differs("CorruptRecordError", outcome);
}

/** Whether nothing can be listed, so that Redis need not be asked. */
function isEmpty({ limit, id, before }: ListCommand): boolean {
  return limit === 0 || (id !== undefined && before !== undefined && byBytes(id, before) >= 0);
}

/** The threads that a command is about. */
function touched(command: Command): readonly string[] {
  if ("thread" in command) return command.thread === undefined ? [] : [command.thread];
  if (command.do === "prune") return command.threads;
  return command.do === "copyThread" ? [command.source, command.target] : [];
}

function isOrphan(oracle: Oracle, { thread, ns, parent, counters, values }: PutCommand): boolean {
  if (parent === undefined || oracle.get({ thread, ns, id: parent })) return false;
  return counters.some((channel) => !values.some(([name]) => name === channel));
}

function judgeList(oracle: Oracle, deed: Deed): string | undefined {
  const { command, outcome } = deed;
  if (command.do !== "list") return;
  const { thread, limit = Number.POSITIVE_INFINITY } = command;
  if (thread !== undefined) mayTouch(oracle.threads.get(thread), deed);
  else for (const each of oracle.threads.values()) mayTouch(each, deed);
  const anyDamaged = [...oracle.threads.values()].some(({ damaged }) => damaged);
  if (thread === undefined && anyDamaged && "error" in outcome) {
    return outcome.error === "CorruptRecordError" ? undefined : differs("CorruptRecordError", outcome);
  }
  if ("error" in outcome) return differs("a list", outcome);
  const listed = outcome.value as [string, TupleText][];
  if (thread !== undefined) {
    const expected = oracle.list(thread, command).slice(0, limit);
    const texts = listed.filter(([id]) => id === thread).map(([, text]) => text);
    return isDeepStrictEqual(texts, expected) ? undefined : differs(expected, outcome);
  }
  // Thread by thread; threads of one millisecond may come in any order.
  const all = new Map([...oracle.threads.keys()].map((id) => [id, oracle.list(id, command)]));
  let total = 0;
  for (const each of all.values()) total += each.length;
  const groups = new Map<string, TupleText[]>();
  let last: string | undefined;
  for (const [id, text] of listed) {
    if (id !== last && groups.has(id)) return `thread ${id} is listed in two parts`;
    groups.set(id, [...(groups.get(id) ?? []), text]);
    last = id;
  }
  for (const [id, texts] of groups) {
    const expected = all.get(id)?.slice(0, id === last ? texts.length : undefined);
    if (!isDeepStrictEqual(texts, expected)) return differs([id, expected], { value: [id, texts] });
  }
  if (anyDamaged && listed.length >= limit) return;
  return listed.length === Math.min(limit, total)
    ? undefined
    : differs(`${Math.min(limit, total)} checkpoints`, outcome);
}

function judgeThreads(oracle: Oracle, { command, outcome, at }: Deed): string | undefined {
  if (command.do !== "listThreads") return;
  if ("error" in outcome) return differs("a list of threads", outcome);
  const listed = outcome.value as ThreadText[];
  const times = listed.map((each) => each[command.orderBy]);
  const isSorted = times.every((time, n) => n === 0 || time <= (times[n - 1] as number));
  const isOnce = new Set(listed.map(({ thread }) => thread)).size === listed.length;
  if (!isSorted || !isOnce) return differs("each thread once, the latest first", outcome);
  for (const [id, { damaged, created, written }] of oracle.threads) {
    const found = listed.find(({ thread }) => thread === id);
    if (!found && !damaged && oracle.count(id) > 0) return differs(`thread ${id}`, outcome);
    if (!found) continue;
    const isRight =
      isIn({ from: created.from, to: created.to }, found.createdAt) &&
      isIn({ from: written.from, to: at.to }, found.updatedAt);
    if (!isRight) return differs({ thread: id, created, written }, outcome);
  }
  const unknown = listed.find(({ thread }) => !oracle.threads.has(thread));
  return unknown ? `thread ${unknown.thread} is listed, but is not there` : undefined;
}

function isIn({ from, to }: Moment, time: number): boolean {
  return time >= from - CLOCKS && time <= to + CLOCKS;
}

/** Gives a thread its own time to live, or else that of the saver. */
function touch(thread: ModelThread | undefined, { at }: Deed, minutes: number | undefined): void {
  if (!thread) return;
  const ttl = thread.ownTtl ?? (minutes === undefined ? undefined : minutes * 60_000);
  if (ttl === undefined) return;
  thread.expires = ttl === 0 ? undefined : { from: at.from + ttl, to: at.to + ttl };
}

/** The same, of what may or may not give it. */
function mayTouch(
  thread: ModelThread | undefined,
  { at, saver }: Deed,
  minutes: number | undefined = saver.readTtl,
): void {
  if (!thread || minutes === undefined || thread.ownTtl === 0) return;
  const to = at.to + (thread.ownTtl ?? minutes * 60_000);
  thread.expires = { from: thread.expires?.from ?? Number.NEGATIVE_INFINITY, to };
}

function differs(expected: unknown, outcome: Outcome): string {
  return `expected ${JSON.stringify(expected, null, 1)}\nbut got ${JSON.stringify(outcome, null, 1)}`;
}

import type { BaseCheckpointSaver, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { quote } from "../describe.js";
import { CheckpointNotFoundError, InvalidInputError } from "../errors.js";
import { compareCheckpoints, parentIdOf } from "./compare-checkpoints.js";
import { isKept, keepsLatestOnly, parentsOf, type Tip } from "./latest-only.js";
import { byTask, taskPaths } from "./pending-writes.js";
import { checkpointsOf, idOf, namespaceOf, PAGE, refOf } from "./source-checkpoints.js";

/** What to do with a thread that the target has with other content. */
export type ExistingThread = "error" | "skip" | "replace";

export interface ThreadCopy {
  readonly from: BaseCheckpointSaver;
  readonly to: BaseCheckpointSaver;
  readonly onExisting: ExistingThread;
  readonly dryRun: boolean;
  readonly signal: AbortSignal | undefined;
  /** Is told of each checkpoint that was written, and with how many pending writes. */
  readonly onCheckpoint: (writes: number) => void;
}

export type ThreadOutcome = "copied" | "unchanged" | "skipped";

/** A checkpoint of the source, without its values. */
interface Ref extends Tip {
  readonly ref: string;
  readonly parentId: string | undefined;
  /** Whether the target lacks all of it, or pending writes, or nothing. */
  state: "missing" | "writes" | "there";
}

/** Copies what the target lacks of a thread, parents first. Nothing is written before everything that is there was compared. */
export async function copyThread(copy: ThreadCopy, threadId: string): Promise<ThreadOutcome> {
  const { refs, held, differs } = await scan(copy, threadId);
  if (refs.length === 0) {
    throw new InvalidInputError(`thread ${quote(threadId)} has no checkpoints in the source.`);
  }
  const isConflict = differs !== undefined || (await hasDiverged(copy, threadId, refs));
  if (isConflict && copy.onExisting === "skip") return "skipped";
  if (isConflict && copy.onExisting === "error") {
    const where =
      differs === undefined
        ? "went on in the target as well"
        : `has another checkpoint ${quote(differs)} there`;
    throw new InvalidInputError(
      `thread ${quote(threadId)} is in the target with other content: it ${where}. Nothing of it was written. ` +
        'Set onExisting to "skip" or "replace", or delete it there.',
    );
  }
  if (isConflict) for (const each of refs) each.state = "missing";
  const wanted = toWrite(copy, refs);
  if (wanted.length === 0) return "unchanged";
  if (isConflict && !copy.dryRun) await copy.to.deleteThread(threadId);
  let found = 0;
  for (let at = 0; at < wanted.length; at += PAGE) {
    const page = wanted.slice(at, at + PAGE);
    const tuples = await Promise.all(
      page.map(({ ref, ns, id }) => held?.get(ref) ?? read(copy.from, threadId, ns, id)),
    );
    for (const [n, tuple] of tuples.entries()) {
      copy.signal?.throwIfAborted();
      if (!tuple) continue; // deleted in the source meanwhile
      found++;
      await write(copy, threadId, tuple, (page[n] as Ref).state === "missing");
    }
  }
  if (found === 0) {
    throw new InvalidInputError(
      `thread ${quote(threadId)} was deleted in the source before it was copied. Nothing of it was written.`,
    );
  }
  return "copied";
}

/** All checkpoints of the source's thread, compared with the target's, and those themselves when they are few. */
async function scan(copy: ThreadCopy, threadId: string) {
  const refs: Ref[] = [];
  let held: Map<string, CheckpointTuple> | undefined = new Map();
  let differs: string | undefined;
  const isNew = !(await hasThread(copy.to, threadId));
  let page: CheckpointTuple[] = [];
  const compare = async () => {
    const states = await Promise.all(
      page.map((tuple) => (isNew ? "missing" : stateOf(copy.to, threadId, tuple))),
    );
    for (const [at, tuple] of page.entries()) {
      const state = states[at] as Ref["state"] | "differs";
      if (state === "differs") differs ??= idOf(tuple);
      refs.push({
        ref: refOf(tuple),
        ns: namespaceOf(tuple),
        id: idOf(tuple),
        parentId: parentIdOf(tuple),
        parents: parentsOf(tuple),
        state: state === "differs" ? "there" : state,
      });
    }
    page = [];
  };
  for await (const tuple of checkpointsOf(copy.from, threadId)) {
    copy.signal?.throwIfAborted();
    if (refs.length + page.length >= PAGE) held = undefined;
    held?.set(refOf(tuple), tuple);
    if (page.push(tuple) === PAGE) await compare();
  }
  await compare();
  return { refs, held, differs };
}

async function hasThread(to: BaseCheckpointSaver, threadId: string): Promise<boolean> {
  for await (const _ of to.list({ configurable: { thread_id: threadId } }, { limit: 1 })) return true;
  return false;
}

async function stateOf(
  to: BaseCheckpointSaver,
  threadId: string,
  tuple: CheckpointTuple,
): Promise<Ref["state"] | "differs"> {
  const there = await read(to, threadId, namespaceOf(tuple), idOf(tuple));
  if (there === undefined) return "missing";
  const differences = compareCheckpoints(tuple, there);
  if (differences.length === 0) return "there";
  return differences.every(({ part }) => part === "writes") && lacksWrites(tuple, there)
    ? "writes"
    : "differs";
}

/** Whether putting the source's writes again brings the target's to the same: tasks are missing whole, and special writes are older. */
function lacksWrites(tuple: CheckpointTuple, there: CheckpointTuple): boolean {
  const source = new Map(byTask(tuple.pendingWrites).map((task) => [task.taskId, task]));
  return byTask(there.pendingWrites).every(({ taskId, usual }) => {
    const task = source.get(taskId);
    return task !== undefined && usual.length <= task.usual.length;
  });
}

/** Whether both sides have checkpoints that the other one lacks. */
async function hasDiverged(copy: ThreadCopy, threadId: string, refs: readonly Ref[]): Promise<boolean> {
  const present = refs.some(({ state }) => state !== "missing");
  if (!refs.some(({ state }) => state === "missing")) return false;
  if (!present && !(await hasThread(copy.to, threadId))) return false;
  const known = new Set(refs.map(({ ref }) => ref));
  for await (const tuple of checkpointsOf(copy.to, threadId)) if (!known.has(refOf(tuple))) return true;
  return false;
}

/** What is to be written, oldest first and parents before their children. */
function toWrite({ to }: ThreadCopy, refs: readonly Ref[]): Ref[] {
  const sorted = [...refs].sort((one, other) => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0));
  const wanted = keepsLatestOnly(to) ? linesOf(sorted) : sorted;
  const byRef = new Map(wanted.map((each) => [each.ref, each]));
  const done = new Set<Ref>();
  for (const each of wanted) {
    const line: Ref[] = [];
    for (let at: Ref | undefined = each; at && !done.has(at) && !line.includes(at); at = parentOf(at, byRef))
      line.push(at);
    for (const next of line.reverse()) done.add(next);
  }
  return [...done].filter(({ state }) => state !== "there");
}

function parentOf({ ns, parentId }: Ref, byRef: ReadonlyMap<string, Ref>): Ref | undefined {
  return parentId === undefined ? undefined : byRef.get(JSON.stringify([ns, parentId]));
}

/**
 * For a target that keeps the newest checkpoint of each namespace: that one with its ancestors, which its delta channels may be read
 * from, from the first that is not there behind the last that is. Others would be refused, as superseded.
 */
function linesOf(sorted: readonly Ref[]): Ref[] {
  const byRef = new Map(sorted.map((each) => [each.ref, each]));
  const newest = new Map(sorted.map((each) => [each.ns, each]));
  const wanted = new Set<Ref>();
  for (const tip of newest.values()) {
    if (!isKept(tip, newest)) continue;
    for (let at: Ref | undefined = tip; at && !wanted.has(at); at = parentOf(at, byRef)) {
      wanted.add(at);
      if (at.state !== "missing") break;
    }
  }
  return sorted.filter((each) => wanted.has(each));
}

/** @returns undefined when it is not there. */
export async function read(
  saver: BaseCheckpointSaver,
  threadId: string,
  ns: string,
  id: string,
): Promise<CheckpointTuple | undefined> {
  const config = { configurable: { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: id } };
  try {
    return await saver.getTuple(config);
  } catch (error) {
    if (error instanceof CheckpointNotFoundError) return undefined;
    throw error;
  }
}

async function write(
  copy: ThreadCopy,
  threadId: string,
  tuple: CheckpointTuple,
  isMissing: boolean,
): Promise<void> {
  const { to, dryRun, onCheckpoint } = copy;
  const { checkpoint, metadata } = tuple;
  const ns = namespaceOf(tuple);
  const ref = (id: string | undefined) => ({
    configurable: {
      thread_id: threadId,
      checkpoint_ns: ns,
      ...(id === undefined ? {} : { checkpoint_id: id }),
    },
  });
  if (isMissing && !dryRun) {
    const given = metadata ?? { source: "update", step: -1, parents: {} };
    // Every value is given, so that none depends on the parent's: branches can have one version and two values.
    await to.put(ref(parentIdOf(tuple)), checkpoint, given, { ...checkpoint.channel_versions });
  }
  const tasks = byTask(tuple.pendingWrites);
  const paths = taskPaths(tasks);
  for (const [at, { taskId, special, usual }] of tasks.entries()) {
    if (dryRun) continue;
    if (usual.length > 0) await to.putWrites(ref(checkpoint.id), [...usual], taskId, paths[at]);
    if (special.length > 0) await to.putWrites(ref(checkpoint.id), [...special], taskId, paths[at]);
  }
  onCheckpoint(tasks.reduce((sum, { special, usual }) => sum + special.length + usual.length, 0));
}

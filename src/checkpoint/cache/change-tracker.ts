import { matches, type Snapshot, takeSnapshot, UNFIT } from "../serde/snapshot.js";

/** A finished run that was stored or read: what its elements looked like, and the thread that holds it. */
export interface StoredRun {
  readonly digest: string;
  readonly snapshots: readonly Snapshot[];
  readonly thread: string;
}

/** A run that was read. What its elements looked like is found out when it is asked for. */
interface ReadRun {
  readonly digest: string;
  readonly thread: string;
  readonly snapshots?: undefined;
}

/** What the elements of a finished run look like, told from its bytes; undefined when these are not at hand. */
export type SnapshotsOf = (digest: string) => readonly Snapshot[] | undefined;

/** What an element of an open run was written as. */
interface Written {
  readonly snapshot: Snapshot;
  readonly text: string;
}

/**
 * Remembers the runs of lists that were stored or read, for as long as the first element of each lives. Elements that
 * were changed in place, however deep, do not match their snapshots any more.
 */
export class ChangeTracker {
  private readonly runs = new WeakMap<object, StoredRun | ReadRun>();
  private readonly texts = new WeakMap<object, Written>();

  /** @returns the run that stands in the list from `at` on, if all its elements are as they were. */
  recall(
    list: readonly unknown[],
    at: number,
    thread: string,
    snapshotsOf: SnapshotsOf,
  ): StoredRun | undefined {
    const run = this.lookUp(list[at], thread, snapshotsOf);
    if (!run || at + run.snapshots.length > list.length) return undefined;
    const { snapshots } = run;
    for (let index = 0; index < snapshots.length; index++) {
      if (!matches(list[at + index], snapshots[index] as Snapshot)) return undefined;
    }
    return run;
  }

  /** Remembers the elements of a finished run that is about to be stored, if snapshots can be taken of all. */
  remember(elements: readonly unknown[], digest: string, thread: string): void {
    const [first] = elements;
    const snapshots = isObject(first) ? allOf(elements, takeSnapshot) : undefined;
    if (snapshots) this.runs.set(first as object, { digest, snapshots, thread });
  }

  /** The text of an element of an open run, if it is as it was when that was written. */
  recallText(element: unknown): string | undefined {
    const written = isObject(element) ? this.texts.get(element) : undefined;
    return written && matches(element, written.snapshot) ? written.text : undefined;
  }

  /** Open runs are written again with every step, so the texts of their elements are worth keeping. */
  rememberText(element: unknown, text: string): void {
    if (!isObject(element) || this.texts.get(element)?.text === text) return;
    const snapshot = takeSnapshot(element);
    if (snapshot !== UNFIT) this.texts.set(element, { snapshot, text });
  }

  /**
   * Remembers where the elements of a finished run were read from. Taking snapshots right away would cost every read
   * more than the reading, and most of what is read is not stored again.
   */
  rememberRead(elements: readonly unknown[], digest: string, thread: string): void {
    const [first] = elements;
    if (isObject(first)) this.runs.set(first, { digest, thread });
  }

  forget(elements: readonly unknown[]): void {
    for (const element of elements) {
      if (isObject(element)) this.runs.delete(element);
    }
  }

  private lookUp(first: unknown, thread: string, snapshotsOf: SnapshotsOf): StoredRun | undefined {
    const run = isObject(first) ? this.runs.get(first) : undefined;
    if (run?.thread !== thread) return undefined;
    if (run.snapshots) return run;
    // What the elements looked like when they were read can be told from what they were read from.
    const snapshots = snapshotsOf(run.digest);
    if (!snapshots) return undefined;
    const stored: StoredRun = { digest: run.digest, snapshots, thread };
    this.runs.set(first as object, stored);
    return stored;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** A snapshot of each element; undefined when there is none of some. */
export function allOf(
  elements: readonly unknown[],
  toSnapshot: (element: unknown) => Snapshot | typeof UNFIT,
): Snapshot[] | undefined {
  const snapshots = new Array<Snapshot>(elements.length);
  for (let at = 0; at < elements.length; at++) {
    const snapshot = toSnapshot(elements[at]);
    if (snapshot === UNFIT) return undefined;
    snapshots[at] = snapshot;
  }
  return snapshots;
}

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

/** Reads the elements of a finished run again; undefined when its bytes are not at hand. */
export type ElementsOf = (digest: string) => readonly unknown[] | undefined;

/**
 * Remembers the runs of lists that were stored or read, for as long as the first element of each lives. Elements that
 * were changed in place, however deep, do not match their snapshots any more.
 */
export class StoredElements {
  private readonly runs = new WeakMap<object, StoredRun | ReadRun>();

  /** @returns the run that stands in the list from `at` on, if all its elements are as they were. */
  recall(
    list: readonly unknown[],
    at: number,
    thread: string,
    elementsOf: ElementsOf,
  ): StoredRun | undefined {
    const run = this.lookUp(list[at], thread, elementsOf);
    if (!run || at + run.snapshots.length > list.length) return undefined;
    const { snapshots } = run;
    for (let index = 0; index < snapshots.length; index++) {
      if (!matches(list[at + index], snapshots[index] as Snapshot)) return undefined;
    }
    return run;
  }

  /** Remembers the elements of a finished run that is about to be stored, if snapshots can be taken of all. */
  remember(elements: readonly unknown[], digest: string, thread: string): StoredRun | undefined {
    const [first] = elements;
    if (typeof first !== "object" || first === null) return undefined;
    const snapshots = new Array<Snapshot>(elements.length);
    for (let at = 0; at < elements.length; at++) {
      const snapshot = takeSnapshot(elements[at]);
      if (snapshot === UNFIT) return undefined;
      snapshots[at] = snapshot;
    }
    const run: StoredRun = { digest, snapshots, thread };
    this.runs.set(first, run);
    return run;
  }

  /**
   * Remembers where the elements of a finished run were read from. Taking snapshots right away would cost every read
   * more than the reading, and most of what is read is not stored again.
   */
  rememberRead(elements: readonly unknown[], digest: string, thread: string): void {
    const [first] = elements;
    if (typeof first === "object" && first !== null) this.runs.set(first, { digest, thread });
  }

  forget(elements: readonly unknown[]): void {
    for (const element of elements) {
      if (typeof element === "object" && element !== null) this.runs.delete(element);
    }
  }

  private lookUp(first: unknown, thread: string, elementsOf: ElementsOf): StoredRun | undefined {
    const run = typeof first === "object" && first !== null ? this.runs.get(first) : undefined;
    if (run?.thread !== thread) return undefined;
    if (run.snapshots) return run;
    // What the elements looked like when they were read is what their bytes give when they are read again.
    const original = elementsOf(run.digest);
    const stored = original && this.remember(original, run.digest, thread);
    if (stored) this.runs.set(first as object, stored);
    return stored;
  }
}

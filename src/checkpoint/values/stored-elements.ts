import { matches, type Snapshot, takeSnapshot, UNFIT } from "../serde/snapshot.js";

/** A finished run that was stored or read, with the thread that holds it. */
export interface StoredRun {
  readonly digest: string;
  /** The number of its elements. */
  readonly count: number;
  readonly thread: string;
}

/** An element of such a run, and what it looked like. */
export interface StoredElement {
  readonly snapshot: Snapshot;
  readonly run: StoredRun;
  readonly index: number;
}

/**
 * Remembers of each object that was stored or read what it looked like and which run it is part of, for as long as
 * the object itself lives. An object that was changed in place does not match its snapshot, however deep the change.
 */
export class StoredElements {
  private readonly elements = new WeakMap<object, StoredElement>();

  /** @returns the elements of a run, when exactly they stand in the list from `at` on, and are as they were. */
  recall(list: readonly unknown[], at: number, thread: string): StoredElement[] | undefined {
    const first = this.lookUp(list[at]);
    if (first?.index !== 0 || first.run.thread !== thread || at + first.run.count > list.length)
      return undefined;
    const { run } = first;
    const recalled = new Array<StoredElement>(run.count);
    for (let index = 0; index < run.count; index++) {
      const stored = this.lookUp(list[at + index]);
      if (stored?.run !== run || stored.index !== index) return undefined;
      if (!matches(list[at + index], stored.snapshot)) return undefined;
      recalled[index] = stored;
    }
    return recalled;
  }

  /** Remembers the elements of a finished run, if snapshots can be taken of all. */
  remember(elements: readonly unknown[], digest: string, thread: string): void {
    const run = { digest, count: elements.length, thread };
    const taken: StoredElement[] = [];
    for (const element of elements) {
      const snapshot = typeof element === "object" && element !== null ? takeSnapshot(element) : UNFIT;
      if (snapshot === UNFIT) return;
      taken.push({ snapshot, run, index: taken.length });
    }
    taken.forEach((stored, index) => {
      this.elements.set(elements[index] as object, stored);
    });
  }

  forget(elements: readonly unknown[]): void {
    for (const element of elements) {
      if (typeof element === "object" && element !== null) this.elements.delete(element);
    }
  }

  private lookUp(element: unknown): StoredElement | undefined {
    return typeof element === "object" && element !== null ? this.elements.get(element) : undefined;
  }
}

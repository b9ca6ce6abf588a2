import { matches, type Snapshot, takeSnapshot, UNFIT } from "../serde/snapshot.js";

/** A sealed segment that was stored or read: what its elements looked like, and the thread that holds it. */
export interface TrackedSegment {
  readonly name: string;
  readonly snapshots: readonly Snapshot[];
  readonly thread: string;
}

/** A segment that was read. What its elements looked like is found out when it is asked for. */
interface ReadSegment {
  readonly name: string;
  readonly thread: string;
  readonly snapshots?: undefined;
}

/** Tells what the elements of a sealed segment look like from its bytes; undefined when these are not at hand. */
export type SnapshotsOf = (name: string) => readonly Snapshot[] | undefined;

/** The text that an element of a tail was written as. */
interface WrittenElement {
  readonly snapshot: Snapshot;
  readonly text: string;
}

/**
 * Knows which objects of lists were stored or read as which segments, for as long as the first element of each segment
 * lives. Elements that were changed in place, however deep, do not match their snapshots any more.
 */
export class ChangeTracker {
  private readonly segments = new WeakMap<object, TrackedSegment | ReadSegment>();
  private readonly texts = new WeakMap<object, WrittenElement>();

  /** @returns the segment that stands in the list from `at` on, if all its elements are as they were. */
  findUnchanged(
    list: readonly unknown[],
    at: number,
    thread: string,
    snapshotsOf: SnapshotsOf,
  ): TrackedSegment | undefined {
    const segment = this.lookUp(list[at], thread, snapshotsOf);
    if (!segment || at + segment.snapshots.length > list.length) return undefined;
    const { snapshots } = segment;
    for (let index = 0; index < snapshots.length; index++) {
      if (!matches(list[at + index], snapshots[index] as Snapshot)) return undefined;
    }
    return segment;
  }

  /** Tracks the elements of a sealed segment that is about to be stored, if snapshots can be taken of all. */
  track(elements: readonly unknown[], name: string, thread: string): void {
    const [first] = elements;
    const snapshots = isObject(first) ? snapshotsOfAll(elements, takeSnapshot) : undefined;
    if (snapshots) this.segments.set(first as object, { name, snapshots, thread });
  }

  /**
   * Tracks where the elements of a sealed segment were read from. Taking snapshots right away would cost every read more
   * than the reading, and most of what is read is not stored again.
   */
  trackRead(elements: readonly unknown[], name: string, thread: string): void {
    const [first] = elements;
    if (isObject(first)) this.segments.set(first, { name, thread });
  }

  untrack(elements: readonly unknown[]): void {
    for (const element of elements) {
      if (isObject(element)) this.segments.delete(element);
    }
  }

  /** The text of an element of a tail, if it is as it was when that was written. */
  findText(element: unknown): string | undefined {
    const written = isObject(element) ? this.texts.get(element) : undefined;
    return written && matches(element, written.snapshot) ? written.text : undefined;
  }

  /** Tails are written again with every step, so the texts of their elements are worth keeping. */
  trackText(element: unknown, text: string): void {
    if (!isObject(element) || this.texts.get(element)?.text === text) return;
    const snapshot = takeSnapshot(element);
    if (snapshot !== UNFIT) this.texts.set(element, { snapshot, text });
  }

  private lookUp(first: unknown, thread: string, snapshotsOf: SnapshotsOf): TrackedSegment | undefined {
    const segment = isObject(first) ? this.segments.get(first) : undefined;
    if (segment?.thread !== thread) return undefined;
    if (segment.snapshots) return segment;
    // What the elements looked like when they were read can be told from what they were read from.
    const snapshots = snapshotsOf(segment.name);
    if (!snapshots) return undefined;
    const tracked: TrackedSegment = { name: segment.name, snapshots, thread };
    this.segments.set(first as object, tracked);
    return tracked;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Snapshots of all elements, or undefined if any element cannot be snapshotted. */
export function snapshotsOfAll(
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

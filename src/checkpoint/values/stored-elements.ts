import { matches, type Snapshot, takeSnapshot, UNFIT } from "../serde/snapshot.js";

/** What is known of an element that was stored or read before. */
export interface StoredElement {
  readonly snapshot: Snapshot;
  /** The length of its JSON text. */
  readonly size: number;
  /** The leaf that holds it and nothing else. */
  readonly leaf: string | undefined;
  /**
   * Whether the snapshot's text is the text in that leaf. What was read may have been written differently (by another
   * serializer, or an older version): equal as a value, but not byte for byte.
   */
  readonly exact: boolean;
}

/** Larger elements are not remembered: they are rare, and their snapshots would not be small. */
const MAX_SIZE = 1_000_000;

/**
 * Remembers, for each object that was stored or read, its snapshot and where it is stored, for as long as the object
 * itself lives. An object that was changed in place does not match its snapshot, however deep the change.
 */
export class StoredElements {
  private readonly elements = new WeakMap<object, StoredElement>();

  /** @returns what is known of the element, if it is as it was. */
  recall(element: unknown): StoredElement | undefined {
    if (typeof element !== "object" || element === null) return undefined;
    const stored = this.elements.get(element);
    return stored && matches(element, stored.snapshot) ? stored : undefined;
  }

  /** @param leaf the digest of the leaf that holds only this element, if there is one. */
  remember(element: unknown, size: number, leaf: string | undefined, exact: boolean): void {
    if (typeof element !== "object" || element === null || size > MAX_SIZE) return;
    const snapshot = takeSnapshot(element);
    if (snapshot !== UNFIT) this.elements.set(element, { snapshot, size, leaf, exact });
  }
}

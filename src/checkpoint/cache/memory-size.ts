import { type Snapshot, sizeOfSnapshot } from "../serde/snapshot.js";
import { type KnownSegment, type KnownValue, NOTHING_KNOWN } from "./known-value.js";

/** What objects take beside what is in them, measured. */
const VALUE_SIZE = 600;
const BUFFER_SIZE = 250;
const SEGMENT_SIZE = 150;
const NAME_SIZE = 60;
const SLOT_SIZE = 8;

/** About how many bytes of memory a known value takes, snapshots that were made of it included. */
export function sizeOfValue(value: KnownValue): number {
  if (value === NOTHING_KNOWN) return 0;
  const { tree, segments, tail } = value;
  let size = VALUE_SIZE + tree.leaves.length * NAME_SIZE;
  for (const children of tree.tables.values()) size += 2 * NAME_SIZE + children.length * SLOT_SIZE;
  for (const segment of segments.values()) {
    size += SEGMENT_SIZE + BUFFER_SIZE + segment.stored.length + sizeOfSnapshots(segment);
  }
  if (tail) {
    const { stored, segment, elements } = tail;
    size += 2 * BUFFER_SIZE + stored.length + segment.length;
    // A character takes one byte or two.
    if (elements) size += elements.length * NAME_SIZE + 2 * segment.length;
  }
  return size;
}

const snapshotSizes = new WeakMap<readonly Snapshot[], number>();

function sizeOfSnapshots({ snapshots }: KnownSegment): number {
  if (!snapshots) return 0;
  let size = snapshotSizes.get(snapshots);
  if (size === undefined) {
    size = 0;
    for (const snapshot of snapshots) size += sizeOfSnapshot(snapshot);
    snapshotSizes.set(snapshots, size);
  }
  return size;
}

/**
 * Gives the value memory of its own. What is read is a slice of a whole reply of the server, and what is written often one
 * of a larger buffer, all of which a slice would keep alive.
 */
export function detach(value: KnownValue): KnownValue {
  for (const segment of value.segments.values()) segment.stored = detached(segment.stored);
  const { tail } = value;
  if (tail) {
    tail.stored = detached(tail.stored);
    tail.segment = detached(tail.segment);
  }
  return value;
}

function detached(bytes: Buffer): Buffer {
  if (bytes.length === bytes.buffer.byteLength) return bytes;
  // Unlike Buffer.from, this never takes a slice of Node's pool.
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

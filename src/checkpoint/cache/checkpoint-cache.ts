import { chunkNamesOf, type KnownValue, NOTHING_KNOWN } from "./known-value.js";
import { detach, sizeOfValue } from "./memory-size.js";

/** What is known of one channel in a checkpoint. */
export interface CachedChannel {
  readonly version: number | string | undefined;
  readonly reference: string;
  /** The chunks that the reference names. */
  readonly roots: readonly string[];
  readonly known: KnownValue;
}

/** The checkpoint of a namespace that was stored or read last. */
export interface CachedCheckpoint {
  readonly checkpointId: string;
  readonly channels: ReadonlyMap<string, CachedChannel>;
}

interface Namespace {
  readonly checkpoint: CachedCheckpoint;
  readonly size: number;
}

interface Thread {
  /** From least to most recently used. */
  readonly namespaces: Map<string, Namespace>;
  /** Chunks that the thread holds. */
  names: Set<string>;
  /** When there are so many, those that no cached checkpoint has are forgotten. */
  namesLimit: number;
}

/** What the entries take beside the values, measured. */
const THREAD_SIZE = 700;
const NAMESPACE_SIZE = 500;
const CHANNEL_SIZE = 250;
const NAME_SIZE = 100;

const FEW_NAMES = 1_000;

/**
 * What a client remembers of the threads that it wrote or read lately: the last checkpoint of each namespace, and which
 * chunks a thread holds. It is what makes the next step cheap: the next version of a list is stored by appending to its
 * tail, values that did not change are named and not sent, bytes that were read before are not read again.
 *
 * Only an optimisation: it forgets the threads that were not used for the longest time when it grows beyond its limit, and
 * it may be wrong, because the scripts check what they are told.
 */
export class CheckpointCache {
  /** From least to most recently used. */
  private readonly threads = new Map<string, Thread>();
  private bytes = 0;

  /** @param limit the largest number of bytes to hold; 0 to hold nothing. */
  constructor(private readonly limit: number) {}

  /** How many bytes it holds, about. */
  get size(): number {
    return this.bytes;
  }

  get(thread: string, checkpointNs: string): CachedCheckpoint | undefined {
    return this.threads.get(thread)?.namespaces.get(checkpointNs)?.checkpoint;
  }

  /** What is known of a channel's value in the cached checkpoint. */
  knownValue(thread: string, checkpointNs: string, channel: string): KnownValue {
    return this.get(thread, checkpointNs)?.channels.get(channel)?.known ?? NOTHING_KNOWN;
  }

  /** Remembers a checkpoint in place of the one of its namespace before. Takes over its bytes. */
  set(thread: string, checkpointNs: string, checkpoint: CachedCheckpoint): void {
    if (this.limit === 0) return;
    const entry = this.use(thread);
    this.remove(entry, checkpointNs);
    let size = NAMESPACE_SIZE + 2 * (checkpointNs.length + checkpoint.checkpointId.length);
    for (const [channel, { version, reference, known }] of checkpoint.channels) {
      const texts = channel.length + reference.length + String(version).length;
      size += CHANNEL_SIZE + 2 * texts + sizeOfValue(detach(known));
    }
    entry.namespaces.set(checkpointNs, { checkpoint, size });
    this.bytes += size;
    this.shrink();
  }

  /** Whether the thread is believed to hold a chunk. */
  holds(thread: string, name: string): boolean {
    return this.threads.get(thread)?.names.has(name) ?? false;
  }

  /** The thread holds these chunks. */
  addNames(thread: string, names: Iterable<string>): void {
    if (this.limit === 0) return;
    const entry = this.use(thread);
    const before = entry.names.size;
    for (const name of names) entry.names.add(name);
    this.bytes += (entry.names.size - before) * NAME_SIZE;
    if (entry.names.size > entry.namesLimit) this.trimNames(entry);
    this.shrink();
  }

  /** The thread does not hold what it was believed to: nothing is known of it any more. */
  forget(thread: string): void {
    const entry = this.threads.get(thread);
    if (!entry) return;
    for (const { size } of entry.namespaces.values()) this.bytes -= size;
    this.bytes -= entry.names.size * NAME_SIZE + sizeOfThread(thread);
    this.threads.delete(thread);
  }

  private use(thread: string): Thread {
    let entry = this.threads.get(thread);
    if (entry) {
      this.threads.delete(thread);
    } else {
      entry = { namespaces: new Map(), names: new Set(), namesLimit: FEW_NAMES };
      this.bytes += sizeOfThread(thread);
    }
    this.threads.set(thread, entry);
    return entry;
  }

  private remove(entry: Thread, checkpointNs: string): void {
    this.bytes -= entry.namespaces.get(checkpointNs)?.size ?? 0;
    entry.namespaces.delete(checkpointNs);
  }

  private trimNames(entry: Thread): void {
    const names = new Set<string>();
    for (const { checkpoint } of entry.namespaces.values())
      for (const { known } of checkpoint.channels.values())
        for (const name of chunkNamesOf(known)) if (entry.names.has(name)) names.add(name);
    this.bytes -= (entry.names.size - names.size) * NAME_SIZE;
    entry.names = names;
    entry.namesLimit = Math.max(FEW_NAMES, 2 * names.size);
  }

  /** Forgets what was not used for the longest time: other threads first, then namespaces of the only one. */
  private shrink(): void {
    for (const [thread, entry] of this.threads) {
      if (this.bytes <= this.limit) return;
      if (this.threads.size > 1) {
        this.forget(thread);
        continue;
      }
      for (const [checkpointNs] of entry.namespaces) {
        if (this.bytes <= this.limit) return;
        this.remove(entry, checkpointNs);
      }
      if (this.bytes > this.limit) this.forget(thread);
    }
  }
}

function sizeOfThread(thread: string): number {
  return THREAD_SIZE + 2 * thread.length;
}

/** The last run of a list as a thread holds it: not finished, so the next elements can be appended to it. */
export interface OpenRun {
  readonly name: string;
  readonly bytes: Buffer;
}

/** What was seen of a channel's value when it was last stored or read. */
export interface KnownValue {
  /** The names of the chunks with its elements. */
  readonly chunks: readonly string[];
  /** The bytes of its runs by their digests. */
  readonly contents: ReadonlyMap<string, Buffer>;
  /** If it is a list that ends with an open run. */
  readonly open: OpenRun | undefined;
}

export const NOTHING_KNOWN: KnownValue = { chunks: [], contents: new Map(), open: undefined };

interface Scope {
  readonly channels: Map<string, KnownValue>;
  /** The checkpoint that was stored or read last. */
  checkpointId: string | undefined;
}

/**
 * The values that were stored or read lately, by thread and checkpoint namespace. It is what makes the next step cheap:
 * the next version of a list is stored by appending to its open run; the chunks of a value are asked for by name; bytes
 * that are as they were need not be hashed again; and what elements looked like can be looked up.
 *
 * Only an optimisation, like {@link ChunkPresenceCache}: it may forget anything, and may be wrong.
 */
export class ValueCache {
  /** From least to most recently used. */
  private readonly scopes = new Map<string, Scope>();
  private size = 0;

  /** @param limit about how many bytes to remember. */
  constructor(private readonly limit = 64_000_000) {}

  get(scope: string, channel: string): KnownValue | undefined {
    return this.scopes.get(scope)?.channels.get(channel);
  }

  /** The names of the chunks of all values in a scope. */
  chunks(scope: string): string[] {
    return [...(this.scopes.get(scope)?.channels.values() ?? [])].flatMap((value) => value.chunks);
  }

  /** Whether a checkpoint is the one that was stored or read last, so that it is likely to be there. */
  isAt(scope: string, checkpointId: string): boolean {
    return this.scopes.get(scope)?.checkpointId === checkpointId;
  }

  /** Replaces what is known of some channels, by the checkpoint that was stored or read. */
  set(
    scope: string,
    checkpointId: string,
    values: Iterable<readonly [channel: string, value: KnownValue]>,
  ): void {
    const { channels } = this.scopes.get(scope) ?? { channels: new Map<string, KnownValue>() };
    this.scopes.delete(scope);
    this.scopes.set(scope, { channels, checkpointId });
    for (const [channel, value] of values) {
      this.size += sizeOf(value) - sizeOf(channels.get(channel));
      channels.set(channel, value);
    }
    for (const [oldest] of this.scopes) {
      if (this.size <= this.limit) break;
      this.forget(oldest);
    }
  }

  forget(scope: string): void {
    for (const value of this.scopes.get(scope)?.channels.values() ?? []) this.size -= sizeOf(value);
    this.scopes.delete(scope);
  }
}

function sizeOf(value: KnownValue | undefined): number {
  if (!value) return 0;
  let size = 200 + value.chunks.length * 48 + (value.open?.bytes.length ?? 0);
  // Beside the bytes there may be snapshots, with strings of about the same size.
  for (const bytes of value.contents.values()) size += 100 + 2 * bytes.length;
  return size;
}

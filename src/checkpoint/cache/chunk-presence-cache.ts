/**
 * What the client believes a thread holds in Redis, so that it need not send it again.
 *
 * Only an optimisation: a script that is given a reference to a chunk that is not there says so, and the chunk is
 * sent. So this may forget anything at any time, which keeps it small, and may be wrong.
 */
export class ChunkPresenceCache {
  /** Threads from least to most recently used. */
  private readonly threads = new Map<string, Set<string>>();
  private size = 0;

  /** @param limit the largest number of digests to remember, over all threads. */
  constructor(private readonly limit = 100_000) {}

  has(thread: string, digest: string): boolean {
    return this.threads.get(thread)?.has(digest) ?? false;
  }

  add(thread: string, digests: Iterable<string>): void {
    const held = this.threads.get(thread) ?? new Set();
    this.threads.delete(thread);
    this.threads.set(thread, held);
    this.size -= held.size;
    for (const digest of digests) held.add(digest);
    this.size += held.size;
    for (const [oldest] of this.threads) {
      if (this.size <= this.limit) break;
      this.forget(oldest);
    }
  }

  forget(thread: string): void {
    this.size -= this.threads.get(thread)?.size ?? 0;
    this.threads.delete(thread);
  }
}

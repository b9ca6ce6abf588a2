import type { Arg } from "../redis/connection.js";
import type { HeldChunks } from "./held-chunks.js";
import type { EncodedValue } from "./values/encoded-value.js";

/**
 * Decides which chunks of some values go along with a call, and learns from its outcome.
 *
 * Everything that the thread is not believed to hold is sent. A chunk that is held holds all below it, so the search
 * goes down from the values' roots and stops there: for a list that grew by one element it sees little more than
 * that element.
 */
export class Admission {
  private sent = new Map<string, Buffer>();
  private believed = new Set<string>();
  private values: readonly EncodedValue[] = [];

  constructor(
    private readonly held: HeldChunks,
    private readonly thread: string,
  ) {}

  /**
   * Prepares values for a call.
   *
   * @returns them, rewritten where a chunk has to be sent that cannot be made as it was, with the chunks as arguments
   * of a script, see lua/admit.lua.
   */
  prepare(values: readonly EncodedValue[]): { values: readonly EncodedValue[]; chunkArgs: Arg[] } {
    this.sent = new Map();
    this.believed = new Set();
    this.values = values.map((value) => {
      if (this.collect(value, value.roots)) return value;
      const rewritten = value.rewritten();
      this.collect(rewritten, rewritten.roots);
      return rewritten;
    });
    const chunkArgs: Arg[] = [String(this.sent.size)];
    for (const [digest, bytes] of this.sent) chunkArgs.push(digest, bytes);
    return { values: this.values, chunkArgs };
  }

  /** The script stored the values. */
  accepted(): void {
    this.held.add(this.thread, this.sent.keys());
    for (const value of this.values) this.held.add(this.thread, value.roots);
  }

  /**
   * The script stored nothing, and names what is missing. All that was believed of the thread is forgotten, but for
   * what the script has just found there.
   */
  refused(missing: readonly string[]): void {
    for (const digest of missing) this.believed.delete(digest);
    this.held.forget(this.thread);
    this.held.add(this.thread, this.believed);
  }

  /** @returns false when a chunk of the value cannot be made. */
  private collect(value: EncodedValue, digests: readonly string[]): boolean {
    for (const digest of digests) {
      if (this.sent.has(digest)) continue;
      if (this.held.has(this.thread, digest)) {
        this.believed.add(digest);
        continue;
      }
      const chunk = value.chunk(digest);
      if (!chunk) return false;
      this.sent.set(digest, chunk.bytes);
      if (!this.collect(value, chunk.children)) return false;
    }
    return true;
  }
}

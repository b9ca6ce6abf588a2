import type { Arg } from "../../redis/command.js";
import type { CheckpointCache } from "../cache/checkpoint-cache.js";
import { encodeTable } from "./chunk.js";
import type { ChunkOp, EncodedValue } from "./encoded-value.js";

/** Values and their chunks, ready to be sent. */
export interface PreparedUpload {
  readonly values: readonly EncodedValue[];
  readonly chunkArgs: readonly Arg[];
}

/**
 * Decides which chunks of some values go along with a call, and learns from its outcome.
 *
 * The chunks that the thread is not believed to hold are sent. A table that is held holds all below it, so the search goes down
 * from the values' roots and stops there: for a list that grew by one element it sees little more than that element.
 */
export class ChunkUpload {
  private ops = new Map<string, ChunkOp>();
  private believed = new Set<string>();
  private values: readonly EncodedValue[] = [];

  constructor(
    private readonly cache: CheckpointCache,
    private readonly thread: string,
  ) {}

  /**
   * Prepares values for a call.
   *
   * @returns them, with the chunks that they need as arguments of a script, see scripts/chunk-store.lua; undefined when two of
   * them would append to the same tail.
   */
  prepare(values: readonly EncodedValue[]): PreparedUpload | undefined {
    this.ops = new Map();
    this.believed = new Set();
    this.values = values;
    for (const value of values) if (!this.collect(value, value.roots)) return undefined;
    return { values, chunkArgs: this.chunkArgs() };
  }

  /** As {@link prepare}, with values rewritten where two would append to the same tail. */
  async prepareRewritten(values: readonly EncodedValue[]): Promise<PreparedUpload> {
    this.ops = new Map();
    this.believed = new Set();
    const taken: EncodedValue[] = [];
    for (const value of values) {
      const before = new Map(this.ops);
      if (this.collect(value, value.roots)) {
        taken.push(value);
        continue;
      }
      this.ops = before;
      const rewritten = await value.rewritten();
      this.collect(rewritten, rewritten.roots);
      taken.push(rewritten);
    }
    this.values = taken;
    return { values: taken, chunkArgs: this.chunkArgs() };
  }

  /** The script stored the values. */
  accepted(): void {
    this.cache.addNames(this.thread, this.ops.keys());
    for (const value of this.values) this.cache.addNames(this.thread, value.roots);
  }

  /**
   * The script stored nothing, and names the chunks that are missing. All that was believed of the thread is forgotten, but for
   * what the script has just found there.
   */
  refused(missing: readonly string[]): void {
    for (const name of missing) this.believed.delete(name);
    this.cache.forget(this.thread);
    this.cache.addNames(this.thread, this.believed);
  }

  private chunkArgs(): Arg[] {
    const ops = [...this.ops.values(), ...this.values.flatMap((value) => value.aliases)];
    return [String(ops.length), ...ops.flatMap(opArgs)];
  }

  /** @returns false when the value cannot be stored like this together with the ones before it. */
  private collect(value: EncodedValue, names: readonly string[]): boolean {
    for (const name of names) {
      const op = value.chunks.get(name);
      const chosen = this.ops.get(name);
      if (chosen) {
        if (op && (op.kind === "append" || chosen.kind === "append") && !isSameAppend(op, chosen))
          return false;
        continue;
      }
      // A tail that grows is there already, so its operation is not superfluous for that.
      if (op?.kind !== "append" && this.cache.holds(this.thread, name)) {
        this.believed.add(name);
        continue;
      }
      const children = value.tables.get(name);
      if (children) {
        this.ops.set(name, { kind: "store", name, bytes: encodeTable(children) });
        if (!this.collect(value, children)) return false;
      } else if (op) {
        this.ops.set(name, op);
      } else {
        // The encoder believes it to be there.
        this.believed.add(name);
      }
    }
    return true;
  }
}

function isSameAppend(a: ChunkOp, b: ChunkOp): boolean {
  return a.kind === "append" && b.kind === "append" && a.length === b.length && a.bytes.equals(b.bytes);
}

function opArgs(op: ChunkOp): Arg[] {
  switch (op.kind) {
    case "store":
      return [op.kind, op.name, op.bytes];
    case "append":
      return [op.kind, op.name, String(op.length), op.bytes];
    case "alias":
      return [op.kind, op.name, String(op.length), op.target];
  }
}

import { CheckpointCache } from "../../../src/checkpoint/cache/checkpoint-cache.js";
import { contentNamesOf, NOTHING_KNOWN } from "../../../src/checkpoint/cache/known-value.js";
import { encodeTable, isTable, splitNames } from "../../../src/checkpoint/values/chunk.js";
import type { ValueCodec } from "../../../src/checkpoint/values/codec.js";
import type { ChunkOp, EncodedValue } from "../../../src/checkpoint/values/encoded-value.js";
import { rootsOf } from "../../../src/checkpoint/values/value-ref.js";

/** The chunks of a thread, with the rules of scripts/chunk-store.lua. */
export class ChunkThread {
  readonly chunks = new Map<string, Buffer>();
  /** Bytes that were sent. */
  sent = 0;
  refusals = 0;

  /** @returns the names that are missing; then nothing was stored. */
  store(value: EncodedValue): string[] {
    const ops = new Map<string, ChunkOp>();
    const collect = (name: string): void => {
      const children = value.tables.get(name);
      const op = value.chunks.get(name);
      if (this.chunks.has(name) && op?.kind !== "append") return;
      if (children) {
        for (const child of children) collect(child);
        ops.set(name, { kind: "store", name, bytes: encodeTable(children) });
      } else if (op) {
        ops.set(name, op);
      }
    };
    for (const root of value.roots) collect(root);
    const missing = new Set<string>();
    const need = (name: string): void => {
      if (!this.chunks.has(name) && ops.get(name)?.kind !== "store") missing.add(name);
    };
    for (const root of value.roots) need(root);
    for (const op of ops.values()) {
      if (op.kind === "append" && this.chunks.get(op.name)?.length !== op.length) missing.add(op.name);
      if (op.kind === "store" && isTable(op.bytes)) splitNames(op.bytes.toString("latin1", 1)).forEach(need);
    }
    if (missing.size > 0) {
      this.refusals += 1;
      return [...missing];
    }
    for (const op of [...ops.values(), ...value.aliases]) this.apply(op);
    this.sent += value.reference.length;
    return [];
  }

  private apply(op: ChunkOp): void {
    const stored = this.chunks.get(op.name);
    // What was received is a slice of a larger buffer.
    if (op.kind === "alias") {
      if (stored?.length === op.length) this.chunks.set(op.name, Buffer.from(`@${op.target}`));
      return;
    }
    this.sent += op.bytes.length;
    if (op.kind === "append") this.chunks.set(op.name, Buffer.concat([stored as Buffer, op.bytes]));
    else if (!stored) this.chunks.set(op.name, Buffer.from(op.bytes));
  }

  /** Bytes of all chunks that some references need. */
  sizeOf(references: readonly string[]): number {
    const seen = new Set<string>();
    const visit = (name: string): number => {
      if (seen.has(name)) return 0;
      seen.add(name);
      const chunk = this.chunks.get(name) as Buffer;
      const children = isTable(chunk) || chunk[0] === 0x40 ? splitNames(chunk.toString("latin1", 1)) : [];
      return children.reduce((size, child) => size + visit(child), chunk.length);
    };
    return references.flatMap(rootsOf).reduce((size, name) => size + visit(name), 0);
  }
}

/** One process that stores and reads the values of a channel. */
export class Client {
  constructor(
    readonly codec: ValueCodec,
    readonly cache = new CheckpointCache(64_000_000),
    /** Whether chunks that are cached are fetched all the same. */
    readonly fetchesAll = true,
  ) {}

  private remember(checkpointId: string, reference: string, known: EncodedValue["known"]): void {
    const channel = { version: 1, reference, roots: rootsOf(reference), known };
    this.cache.set("thread", "", { checkpointId, channels: new Map([["list", channel]]) });
  }

  /** @returns the reference of the value. */
  async put(thread: ChunkThread, value: unknown, checkpointId = ""): Promise<string> {
    const known = this.cache.knownValue("thread", "", "list");
    let encoded = await this.codec.encode(value, "the list", "thread", known);
    for (let attempt = 0; thread.store(encoded).length > 0; attempt++) {
      if (attempt === 2) throw new Error("refused too often");
      this.cache.forget("thread");
      encoded = await encoded.rewritten();
    }
    this.remember(checkpointId, encoded.reference, encoded.known);
    return encoded.reference;
  }

  async get(thread: ChunkThread, reference: string, checkpointId = ""): Promise<unknown> {
    const known = this.cache.knownValue("thread", "", "list");
    const leftOut = new Set(this.fetchesAll ? [] : contentNamesOf(known));
    const source = (name: string) => (leftOut.has(name) ? undefined : thread.chunks.get(name));
    const decoded = this.codec.decode(reference, source, "thread", known);
    const value = await decoded.value;
    this.remember(checkpointId, reference, decoded.known);
    return value;
  }

  /** Reads with nothing known. */
  async getAnew(thread: ChunkThread, reference: string): Promise<unknown> {
    return this.codec.decode(reference, (name) => thread.chunks.get(name), "thread", NOTHING_KNOWN).value;
  }
}

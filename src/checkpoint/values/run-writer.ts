import { createHash } from "node:crypto";
import { type KnownValue, NOTHING_KNOWN, type OpenRun } from "../cache/value-cache.js";
import { digestOf, encodeRun, type RunFormat } from "./chunk.js";
import type { Packer } from "./compression.js";
import type { ChunkStep, EncodedValue } from "./encoded-value.js";
import { formatReference, type Prefix, type Reference, rootsOf } from "./reference.js";
import { RunSplitter } from "./split.js";
import { buildTree } from "./tree.js";

/** What is believed of the thread that a value is for. */
export interface Beliefs {
  /** What was there before, and is likely to be there in part. */
  readonly known: KnownValue;
  /** Whether the thread holds a chunk. */
  holds(name: string): boolean;
}

export const NO_BELIEFS: Beliefs = { known: NOTHING_KNOWN, holds: () => false };

/** A run this small stands in the reference itself: a chunk of its own would cost more. */
const INLINE_LIMIT = 64;

/** Elements that are shorter than this have not been stored on their own. */
const NEVER_ALONE = INLINE_LIMIT;
/** So many elements at once are a list that is new as a whole, and have not been stored one by one. */
const MANY = 100;

/** What a run has beyond the bytes of it that are held, and a checksum of those that a script can compute too. */
function appended(bytes: Buffer, held: number): { length: number; check: string; bytes: Buffer } {
  const check = createHash("sha1").update(bytes.subarray(0, held)).digest("hex").slice(0, 20);
  return { length: held, check, bytes: bytes.subarray(held) };
}

/** Builds the chunks of one value from its elements, in order. */
export class RunWriter<Element> {
  private readonly splitter: RunSplitter<Element>;
  private readonly finished: string[] = [];
  private readonly runs = new Map<string, ChunkStep>();
  private readonly merges: ChunkStep[] = [];
  private readonly contents = new Map<string, Buffer>();
  private appended = 0;

  constructor(
    private readonly format: RunFormat<Element>,
    private readonly beliefs: Beliefs,
    private readonly pack: Packer,
  ) {
    this.splitter = new RunSplitter(format);
  }

  /** Whether the next element begins a run. */
  get atStart(): boolean {
    return this.splitter.open.length === 0;
  }

  /** Adds a whole run that the thread holds. */
  addRun(digest: string): void {
    this.finished.push(digest);
    const bytes = this.beliefs.known.contents.get(digest);
    if (bytes) this.contents.set(digest, bytes);
  }

  /** @returns the digest of the run that the element finished, if it did. */
  add(element: Element): string | undefined {
    const run = this.splitter.add(element);
    if (!run) return undefined;
    const bytes = encodeRun(this.format, run);
    const held = this.continued(bytes);
    // A run of which the thread holds the beginning is put together there, so it has to stay as it is.
    const chunk = held === 0 ? this.pack(bytes) : bytes;
    const digest = digestOf(chunk);
    this.runs.set(
      digest,
      held === 0
        ? { kind: "store", name: digest, bytes: chunk }
        : { kind: "finish", name: digest, from: this.openName, ...appended(bytes, held) },
    );
    if (chunk === bytes) this.findMerges(run, digest, held);
    this.finished.push(digest);
    this.contents.set(digest, chunk);
    return digest;
  }

  /** The value as a list of the elements. */
  list(rewritten: () => EncodedValue): EncodedValue {
    const last = this.splitter.open;
    const bytes = encodeRun(this.format, last);
    if (this.finished.length === 0 && bytes.length <= INLINE_LIMIT) {
      return this.value({ kind: "A", run: bytes }, undefined, rewritten);
    }
    const { spine, tables } = buildTree(this.finished);
    if (last.length === 0)
      return this.value({ kind: "a", spine, open: undefined }, undefined, rewritten, tables);
    const digest = digestOf(bytes);
    const held = this.continued(bytes);
    const name = held === 0 ? digest : this.openName;
    if (held === 0) this.runs.set(name, { kind: "store", name, bytes });
    // A run that has grown is not known by its name alone: that it is as believed is for the script to check.
    else if (held < bytes.length || name !== digest)
      this.runs.set(name, { kind: "grow", name, ...appended(bytes, held) });
    this.findMerges(last, name, held);
    this.contents.set(digest, bytes);
    const open: Prefix = { name, length: bytes.length, digest };
    return this.value({ kind: "a", spine, open }, { name, bytes }, rewritten, tables);
  }

  /** The value that is one element. */
  static single<Element>(format: RunFormat<Element>, element: Element, pack: Packer): EncodedValue {
    const writer = new RunWriter(format, NO_BELIEFS, pack);
    const bytes = pack(encodeRun(format, [element]));
    const rewritten = () => RunWriter.single(format, element, pack);
    if (bytes.length <= INLINE_LIMIT) return writer.value({ kind: "W", run: bytes }, undefined, rewritten);
    const digest = digestOf(bytes);
    writer.runs.set(digest, { kind: "store", name: digest, bytes });
    writer.contents.set(digest, bytes);
    const run: Prefix = { name: digest, length: bytes.length, digest };
    return writer.value({ kind: "w", run }, undefined, rewritten);
  }

  private value(
    reference: Reference,
    open: OpenRun | undefined,
    rewritten: () => EncodedValue,
    tables: EncodedValue["tables"] = new Map(),
  ): EncodedValue {
    const { runs, merges, contents } = this;
    const chunks =
      reference.kind === "w" ? [reference.run.name] : [...this.finished, ...(open ? [open.name] : [])];
    const known = { chunks, contents, open };
    return {
      reference: formatReference(reference),
      roots: rootsOf(reference),
      tables,
      runs,
      merges,
      known,
      rewritten,
    };
  }

  private get openName(): string {
    return this.beliefs.known.open?.name ?? "";
  }

  /** How many of the bytes are those of the open run that the thread holds. */
  private continued(bytes: Buffer): number {
    const open = this.beliefs.known.open?.bytes;
    if (!open || bytes.length < open.length || !bytes.subarray(0, open.length).equals(open)) return 0;
    const { separator } = this.format;
    const next = bytes.toString("latin1", open.length, open.length + separator.length);
    return bytes.length === open.length || next === separator ? open.length : 0;
  }

  /** An element that was stored on its own (as a pending write, say) is not kept twice. */
  private findMerges(run: readonly Element[], target: string, held: number): void {
    if (this.appended >= MANY) return;
    let offset = 0;
    for (const element of run) {
      const alone = encodeRun(this.format, [element]);
      // The tag is not part of offsets and lengths.
      const length = alone.length - 1;
      const isNew = offset + 1 >= held;
      if (isNew) this.appended += 1;
      if (isNew && length >= NEVER_ALONE) {
        const name = digestOf(alone);
        if (name !== target && this.beliefs.holds(name)) {
          this.merges.push({ kind: "merge", name, target, offset, length });
        }
      }
      offset += length + this.format.separator.length;
    }
  }
}

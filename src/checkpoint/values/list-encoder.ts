import { KnownSegment, type KnownTail, type KnownValue, NOTHING_KNOWN } from "../cache/known-value.js";
import { randomName, type SegmentFormat } from "./chunk.js";
import { buildTree, EMPTY_TREE, type Tree } from "./chunk-tree.js";
import type { ContentCodec } from "./content-codec.js";
import type { ChunkOp, EncodedValue } from "./encoded-value.js";
import { SegmentSplitter } from "./segment-splitter.js";
import { formatValueRef, rootChunksOf, type TailRef, type ValueRef } from "./value-ref.js";

/** How a value becomes chunks. */
export interface EncodingTarget {
  readonly contents: ContentCodec;
  /** What is known of the value that it replaces; the thread is believed to hold that. */
  readonly known: KnownValue;
  /** A segment of at most so many bytes stands in the reference itself. */
  readonly inlineLimit: number;
  /** Whether the list will go on growing. The end of one that will not is sealed too. */
  readonly grows: boolean;
}

/** Builds the chunks of one value from its elements, in order. */
export class ListEncoder<Element> {
  private readonly splitter: SegmentSplitter<Element>;
  private readonly sealed: string[] = [];
  private readonly chunks = new Map<string, ChunkOp>();
  private readonly aliases: ChunkOp[] = [];
  private readonly segments = new Map<string, KnownSegment>();
  /** Whether the content of each sealed segment is at hand. */
  private contentsKnown = true;
  /** How many elements of the open segment are those that the known tail begins with. */
  private resumed = 0;

  constructor(
    private readonly format: SegmentFormat<Element>,
    private readonly target: EncodingTarget,
  ) {
    this.splitter = new SegmentSplitter(format);
  }

  /** Whether the next element begins a segment. */
  get atStart(): boolean {
    return this.splitter.open.length === 0;
  }

  /** Adds a whole sealed segment that the thread holds. */
  addSealed(name: string): void {
    this.sealed.push(name);
    const segment = this.target.known.segments.get(name);
    if (segment) this.segments.set(name, segment);
    else this.contentsKnown = false;
  }

  /** @returns the name of the segment that the element sealed, if it did. */
  add(element: Element): string | undefined {
    const at = this.splitter.open.length;
    const isResumed =
      at === this.resumed && at < this.tailElements.length && this.tailElements[at] === element;
    const elements = this.splitter.add(element, isResumed);
    if (isResumed) this.resumed += 1;
    return elements && this.seal(elements);
  }

  private get tailElements(): readonly unknown[] {
    return this.target.known.tail?.elements ?? [];
  }

  /** The value as a list of the elements. */
  list(rewritten: () => EncodedValue): EncodedValue {
    const { contents, known, inlineLimit, grows } = this.target;
    const { open: elements } = this.splitter;
    const open = elements.length > 0;
    const last = this.encodeOpen(elements);
    if (this.sealed.length === 0 && last.length <= inlineLimit)
      return this.value({ kind: "A", segment: last }, undefined, rewritten);
    if (open && !grows) this.seal(elements);
    const tree = buildTree(this.sealed, known.tree);
    if (!open || !grows)
      return this.value({ kind: "a", root: tree.root, tail: undefined }, undefined, rewritten, tree);
    const tail = this.writeTail(last, elements);
    const ref: TailRef = {
      name: tail.name,
      length: tail.stored.length,
      size: last.length,
      digest: contents.tailDigest(last, tail.stored),
    };
    return this.value({ kind: "a", root: tree.root, tail: ref }, tail, rewritten, tree);
  }

  /** The value that is one element. */
  static single<Element>(
    format: SegmentFormat<Element>,
    element: Element,
    target: EncodingTarget,
  ): EncodedValue {
    const encoder = new ListEncoder(format, target);
    const segment = format.encode([element]);
    const rewritten = () => ListEncoder.single(format, element, { ...target, known: NOTHING_KNOWN });
    if (segment.length <= target.inlineLimit)
      return encoder.value({ kind: "W", segment }, undefined, rewritten);
    const name = encoder.seal([element], segment);
    return encoder.value({ kind: "w", name }, undefined, rewritten);
  }

  private value(
    ref: ValueRef,
    tail: KnownTail | undefined,
    rewritten: () => EncodedValue,
    tree: Tree = EMPTY_TREE,
  ): EncodedValue {
    const { chunks, aliases, segments } = this;
    const known: KnownValue = {
      // What a tree is known to hold is not read again, so its contents have to be known too.
      tree: this.contentsKnown ? tree : EMPTY_TREE,
      segments,
      tail,
    };
    return {
      reference: formatValueRef(ref),
      roots: rootChunksOf(ref),
      tables: tree.tables,
      chunks,
      aliases,
      known: ref.kind === "a" || ref.kind === "w" ? known : NOTHING_KNOWN,
      rewritten,
    };
  }

  /** The segment of these elements, of which the first `resumed` ones are in the known tail. */
  private encodeOpen(elements: readonly Element[]): Buffer {
    const { resumed, format } = this;
    const { tail } = this.target.known;
    if (!tail || resumed === 0 || resumed < this.tailElements.length) return format.encode(elements);
    if (resumed === elements.length) return tail.segment;
    const added = format.join(elements.slice(resumed));
    return Buffer.concat([tail.segment, Buffer.from(format.separator, "latin1"), added]);
  }

  private seal(elements: readonly Element[], segment = this.encodeOpen(elements)): string {
    const { known, contents } = this.target;
    const name = contents.nameOf(segment);
    const sealed = known.segments.get(name) ?? new KnownSegment(contents.pack(name, segment));
    this.chunks.set(name, { kind: "store", name, bytes: sealed.stored });
    this.sealed.push(name);
    this.segments.set(name, sealed);
    // The tail is the beginning of the segment from now on, and need not be kept twice.
    const { tail } = known;
    if (tail && contents.canBecomeAlias(tail) && this.continues(segment, tail)) {
      this.aliases.push({ kind: "alias", name: tail.name, length: tail.stored.length, target: name });
    }
    this.resumed = 0;
    return name;
  }

  private writeTail(segment: Buffer, elements: readonly Element[]): KnownTail {
    const { known, contents } = this.target;
    const before = known.tail && this.continues(segment, known.tail) ? known.tail : undefined;
    if (before?.segment.length === segment.length) return before;
    const bytes = before && contents.packAppended(before, segment);
    if (!before || !bytes) {
      const name = randomName();
      const stored = contents.packTail(name, segment);
      this.chunks.set(name, { kind: "store", name, bytes: stored });
      return { name, stored, segment, elements };
    }
    const { name, stored } = before;
    this.chunks.set(name, { kind: "append", name, length: stored.length, bytes });
    return { name, stored: Buffer.concat([stored, bytes]), segment, elements };
  }

  /** Whether a segment is what the tail holds and further elements. */
  private continues(segment: Buffer, { segment: before }: KnownTail): boolean {
    if (segment === before) return true;
    if (segment.length < before.length || !segment.subarray(0, before.length).equals(before)) return false;
    const { separator } = this.format;
    const next = segment.toString("latin1", before.length, before.length + separator.length);
    return segment.length === before.length || next === separator;
  }
}

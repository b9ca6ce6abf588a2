import { splitNames } from "../values/chunk.js";
import { parseValueRef, type TailRef } from "../values/value-ref.js";
import { kindOf, type PartsOpener, restOf } from "./parts.js";
import { referencesIn, writtenReferences } from "./references.js";
import type { IndexEntry, ThreadReader } from "./thread-reader.js";
import type { ThreadTransform } from "./transform.js";

/** What the records and pending writes of a thread say about the rest of it. */
export class Survey {
  checkpoints = 0;
  writes = 0;
  /** Whether there is a record or a pending write that cannot stay as it is. */
  hasOutdated = false;
  /** The chunks that records and pending writes name, or that are noted to be freed. */
  readonly roots = new Set<string>();
  /** The prefixes of the namespaces. */
  readonly prefixes = new Set<string>();
  /** How many checkpoints need each one. */
  readonly needs = new Map<string, number>();
  /** The references to each tail by their lengths. */
  private readonly references = new Map<string, Map<number, TailRef>>();

  private constructor(
    private readonly transform: ThreadTransform,
    private readonly parts: PartsOpener,
  ) {}

  static async of(reader: ThreadReader, transform: ThreadTransform, parts: PartsOpener): Promise<Survey> {
    const survey = new Survey(transform, parts);
    for await (const entry of reader.index()) survey.add(entry);
    return survey;
  }

  /** The names of all tails, also of those that are aliases by now. */
  tails(): Iterable<string> {
    return this.references.keys();
  }

  /** The references to a tail, the shortest first. */
  referencesTo(tail: string): TailRef[] {
    return [...(this.references.get(tail)?.values() ?? [])].sort((a, b) => a.length - b.length);
  }

  private add({ member, record }: IndexEntry): void {
    if (record) {
      this.addRecord(member, record);
    } else if (kindOf(member) === "w") {
      const { names, payload, indices, text } = this.parts.writes(member);
      this.writes += indices.length;
      this.found(names, writtenReferences(text), payload);
    } else if (kindOf(member) === "h") {
      this.roots.add(restOf(member));
    }
  }

  private addRecord(member: Buffer, record: Buffer): void {
    this.checkpoints += 1;
    const { field, header, packed, text } = this.parts.record(member, record);
    this.found(header.c ?? "", referencesIn(text, header), packed);
    const prefix = field.slice(0, field.indexOf(":") + 1);
    this.prefixes.add(prefix);
    if (header.n === undefined || header.p === undefined) return;
    const parent = prefix + header.p;
    this.needs.set(parent, (this.needs.get(parent) ?? 0) + 1);
  }

  private found(names: string, references: readonly string[], stored: Buffer): void {
    if (!this.transform.isCurrent(stored)) this.hasOutdated = true;
    for (const name of splitNames(names)) this.roots.add(name);
    for (const reference of references) {
      const ref = parseValueRef(reference);
      if (ref.kind !== "a" || !ref.tail) continue;
      const lengths = this.references.get(ref.tail.name) ?? new Map<number, TailRef>();
      this.references.set(ref.tail.name, lengths.set(ref.tail.length, ref.tail));
    }
  }
}

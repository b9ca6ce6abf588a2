import { splitNames } from "../values/chunk.js";
import { formatValueRef, parseValueRef, type TailRef, type ValueRef } from "../values/value-ref.js";

/** What the chunks of a thread are called after it was rewritten, and how many refer to each. */
export class NewNames {
  private readonly names = new Map<string, string>();
  /** By the old name of a tail and the length in the reference to it. */
  private readonly tails = new Map<string, Map<number, TailRef>>();
  private readonly counts = new Map<string, number>();

  set(name: string, to: string): void {
    this.names.set(name, to);
  }

  setTail(references: readonly TailRef[], to: readonly TailRef[]): void {
    for (const [at, { name, length }] of references.entries()) {
      const byLength = this.tails.get(name) ?? new Map<number, TailRef>();
      this.tails.set(name, byLength.set(length, to[at] as TailRef));
    }
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  of(name: string): string {
    const to = this.names.get(name);
    if (to === undefined) throw new Error(`chunk ${name} is missing`);
    return to;
  }

  /** The new names for those that stand one after the other, each once. */
  all(names: string): string[] {
    return [...new Set(splitNames(names).map((name) => this.of(name)))];
  }

  /** A reference with the new names in it. */
  reference(text: string): string {
    const ref = parseValueRef(text);
    if (ref.kind !== "w" && ref.kind !== "a") return text;
    return formatValueRef(this.referenceTo(ref));
  }

  private referenceTo(ref: ValueRef & { kind: "w" | "a" }): ValueRef {
    if (ref.kind === "w") return { kind: "w", name: this.of(ref.name) };
    const { root, tail } = ref;
    const to = tail && this.tails.get(tail.name)?.get(tail.length);
    if (tail && !to) throw new Error(`chunk ${tail.name} is missing`);
    return { kind: "a", root: root === undefined ? undefined : this.of(root), tail: to };
  }

  /** One more refers to a chunk by its new name. */
  take(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** How many refer to each chunk beyond the first, where there are any. */
  *furtherReferences(): Iterable<readonly [name: string, count: number]> {
    for (const [name, count] of this.counts) if (count > 1) yield [name, count - 1];
  }
}

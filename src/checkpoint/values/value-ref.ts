import { repeatable } from "../../describe.js";

/**
 * A reference is what a checkpoint or a pending write holds in place of a value. The first character tells its kind:
 *
 * | kind | the value is | what follows |
 * |---|---|---|
 * | `w` | the only element of one segment | the name of the segment |
 * | `a` | a list | the root of the tree of its sealed segments, if it has any; then "+" and its tail, if it has one |
 * | `W` | the only element of a segment that stands here itself, being small | the segment |
 * | `A` | a list, likewise | the segment |
 *
 * A tail is written `name.length.size.digest`: the segment that the first `length` bytes of the chunk hold, which has
 * `size` bytes, and the digest of both. A segment inside a reference is written as it is when it is JSON text, else as "b" and
 * its base64. References contain no line break.
 */
export type ValueRef =
  | { readonly kind: "w"; readonly name: string }
  | { readonly kind: "a"; readonly root: string | undefined; readonly tail: TailRef | undefined }
  | { readonly kind: "W" | "A"; readonly segment: Buffer };

/** The beginning of a chunk to which others may have appended since. */
export interface TailRef {
  readonly name: string;
  /** How many bytes of the chunk. */
  readonly length: number;
  /** How many bytes the segment has, once unpacked. */
  readonly size: number;
  readonly digest: string;
}

export function formatValueRef(ref: ValueRef): string {
  switch (ref.kind) {
    case "w":
      return `w${ref.name}`;
    case "a": {
      const { root = "", tail } = ref;
      return `a${root}${tail ? `+${tail.name}.${tail.length}.${tail.size}.${tail.digest}` : ""}`;
    }
    default: {
      const { kind, segment } = ref;
      return kind + (segment[0] === 0x6a ? segment.toString("utf8") : `b${segment.toString("base64")}`);
    }
  }
}

/** @throws {Error} when the text is not a reference. */
export function parseValueRef(text: string): ValueRef {
  const kind = text[0];
  const rest = text.slice(1);
  switch (kind) {
    case "w":
      return { kind, name: rest };
    case "a": {
      const plus = rest.indexOf("+");
      const root = plus === -1 ? rest : rest.slice(0, plus);
      return {
        kind,
        root: root || undefined,
        tail: plus === -1 ? undefined : parseTail(rest.slice(plus + 1)),
      };
    }
    case "W":
    case "A":
      return {
        kind,
        segment: rest[0] === "b" ? Buffer.from(rest.slice(1), "base64") : Buffer.from(rest, "utf8"),
      };
    default:
      throw repeatable(new Error("a reference is of an unknown kind"));
  }
}

/** The chunks that a reference names: those that it needs itself, not what is below them. */
export function rootsOf(reference: string): string[] {
  return rootChunksOf(parseValueRef(reference));
}

export function rootChunksOf(ref: ValueRef): string[] {
  if (ref.kind === "w") return [ref.name];
  if (ref.kind !== "a") return [];
  return [...(ref.root === undefined ? [] : [ref.root]), ...(ref.tail ? [ref.tail.name] : [])];
}

function parseTail(text: string): TailRef {
  const [, name, length, size, digest] = /^([\w-]+)\.(\d+)\.(\d+)\.([\w-]+)$/.exec(text) ?? [];
  if (name === undefined || digest === undefined)
    throw repeatable(new Error("a reference to a tail is malformed"));
  return { name, length: Number(length), size: Number(size), digest };
}

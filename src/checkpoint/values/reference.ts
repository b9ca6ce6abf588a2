import { repeatable } from "../../describe.js";
import { spineDigests } from "./tree.js";

/**
 * A reference is what a checkpoint or a pending write holds in place of a value. The first character tells its kind:
 *
 * | kind | the value is | what follows |
 * |---|---|---|
 * | `w` | the only element of one run | the run, as a prefix of a chunk |
 * | `a` | an array | the spine of the tree of its runs, then "+" and its last, open run, as a prefix of a chunk |
 * | `W` | the only element of a run that stands here itself, being small | the run |
 * | `A` | an array, likewise | the run |
 *
 * A prefix of a chunk is written `name.length`, or `name.length.digest` when the digest of those bytes is not the name.
 * A run inside a reference is written as it is when it is JSON text, else as "b" and its base64.
 *
 * References contain no line break. The scripts know this format too, see scripts/common.lua.
 */
export type Reference =
  | { readonly kind: "w"; readonly run: Prefix }
  | { readonly kind: "a"; readonly spine: string; readonly open: Prefix | undefined }
  | { readonly kind: "W" | "A"; readonly run: Buffer };

/** The first bytes of a chunk: one that others may have appended to since. */
export interface Prefix {
  readonly name: string;
  readonly length: number;
  readonly digest: string;
}

export function formatReference(reference: Reference): string {
  switch (reference.kind) {
    case "w":
      return `w${formatPrefix(reference.run)}`;
    case "a":
      return `a${reference.spine}${reference.open ? `+${formatPrefix(reference.open)}` : ""}`;
    default: {
      const { kind, run } = reference;
      return kind + (run[0] === 0x6a ? run.toString("utf8") : `b${run.toString("base64")}`);
    }
  }
}

/** @throws {Error} when the text is not a reference. */
export function parseReference(text: string): Reference {
  const kind = text[0];
  const rest = text.slice(1);
  if (kind === "w") return { kind, run: parsePrefix(rest) };
  if (kind === "a") {
    const plus = rest.indexOf("+");
    if (plus === -1) return { kind, spine: rest, open: undefined };
    return { kind, spine: rest.slice(0, plus), open: parsePrefix(rest.slice(plus + 1)) };
  }
  if (kind !== "W" && kind !== "A") throw repeatable(new Error("a reference is of an unknown kind"));
  return { kind, run: rest[0] === "b" ? Buffer.from(rest.slice(1), "base64") : Buffer.from(rest, "utf8") };
}

/** The chunks that a reference names. */
export function rootsOf(reference: Reference): string[] {
  if (reference.kind === "w") return [reference.run.name];
  if (reference.kind !== "a") return [];
  const roots = spineDigests(reference.spine);
  if (reference.open) roots.push(reference.open.name);
  return roots;
}

function formatPrefix({ name, length, digest }: Prefix): string {
  return digest === name ? `${name}.${length}` : `${name}.${length}.${digest}`;
}

function parsePrefix(text: string): Prefix {
  const [name, length, digest] = text.split(".");
  if (!name || !length) throw repeatable(new Error("a reference to a run is malformed"));
  return { name, length: Number(length), digest: digest ?? name };
}

/**
 * A reference is what a checkpoint or a pending write holds in place of a value. The first character tells its kind:
 *
 * | kind | the value is | what follows |
 * |---|---|---|
 * | `w` | the only element of one leaf | the leaf's digest |
 * | `a` | an array | the spine of its tree |
 * | `W` | the only element of a leaf that stands here itself, being small | the leaf |
 * | `A` | an array, likewise | the leaf |
 *
 * A leaf inside a reference is written as it is when it is JSON text, else as "b" and its base64.
 *
 * References contain no line break. The scripts know this format too: they find the digests in it.
 */
export type Reference =
  | { readonly kind: "w"; readonly digest: string }
  | { readonly kind: "a"; readonly spine: string }
  | { readonly kind: "W" | "A"; readonly leaf: Buffer };

export function formatReference(reference: Reference): string {
  switch (reference.kind) {
    case "w":
      return `w${reference.digest}`;
    case "a":
      return `a${reference.spine}`;
    default: {
      const { kind, leaf } = reference;
      return kind + (leaf[0] === 0x6a ? leaf.toString("utf8") : `b${leaf.toString("base64")}`);
    }
  }
}

/** @throws {Error} when the text is not a reference. */
export function parseReference(text: string): Reference {
  const kind = text[0];
  const rest = text.slice(1);
  if (kind === "w") return { kind, digest: rest };
  if (kind === "a") return { kind, spine: rest };
  if (kind !== "W" && kind !== "A")
    throw new Error(`unknown kind of reference ${JSON.stringify(text.slice(0, 20))}`);
  return { kind, leaf: rest[0] === "b" ? Buffer.from(rest.slice(1), "base64") : Buffer.from(rest, "utf8") };
}

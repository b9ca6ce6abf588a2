import { createHash } from "node:crypto";
import { decodeKeyPart, encodeKeyPart } from "../../redis/key-encoding.js";

/** Stands between labels. {@link encodeKeyPart} never emits it, so that joining is injective. */
const SEPARATOR = ":";

/** TAG values longer than 4,096 bytes are not found by Redis Search; ours stay far below, by digest. */
const LONGEST_TOKEN = 256;

/** Encodes a whole namespace, or a prefix of one. Distinct namespaces give distinct texts. */
export function encodeNamespace(labels: readonly string[]): string {
  return labels.map(encodeKeyPart).join(SEPARATOR);
}

export function decodeNamespace(encoded: string): string[] {
  const labels = encoded.split(SEPARATOR);
  return encoded.includes("%") ? labels.map(decodeKeyPart) : labels;
}

/**
 * The namespace as a member of the registry of namespaces: every label is terminated, so that the namespaces under
 * a prefix are exactly the members that begin with the prefix's own text, and stand side by side.
 */
export function toRegistryMember(labels: readonly string[]): string {
  return labels.map((label) => encodeKeyPart(label) + SEPARATOR).join("");
}

export function fromRegistryMember(member: string): string[] {
  return decodeNamespace(member.slice(0, -SEPARATOR.length));
}

/** The token by which a search finds everything under exactly this path. */
export function scopeToken(path: readonly string[]): string {
  return boundedToken(encodeNamespace(path));
}

/** The tokens of a namespace: one for each path that leads to it, itself included. */
export function scopeTokens(namespace: readonly string[]): string[] {
  return namespace.map((_, index) => scopeToken(namespace.slice(0, index + 1)));
}

/** A token of any length as one that an index can hold. `#` begins no token that was short enough. */
export function boundedToken(token: string): string {
  if (token.length <= LONGEST_TOKEN) return token;
  return `#${createHash("sha256").update(token).digest("base64url")}`;
}

import { createHash } from "node:crypto";
import { InvalidNamespaceError } from "@langchain/langgraph-checkpoint";
import { formatValue, InvalidInputError } from "../errors.js";
import { decodeKeyPart, encodeKeyPart } from "../redis/key-encoding.js";

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

/**
 * Checks a namespace that is written to, by LangGraph's rules.
 *
 * @throws {InvalidNamespaceError}
 */
export function checkNamespace(namespace: unknown): asserts namespace is string[] {
  if (!Array.isArray(namespace)) {
    throw new InvalidNamespaceError(
      `A namespace must be an array of strings, got ${formatValue(namespace)}.`,
    );
  }
  if (namespace.length === 0) throw new InvalidNamespaceError("Namespace cannot be empty.");
  for (const label of namespace) {
    if (typeof label !== "string") {
      throw new InvalidNamespaceError(
        `Namespace labels must be strings, got ${formatValue(label)} (${typeof label}) in ${formatValue(namespace)}.`,
      );
    }
    if (label === "" || label.includes(".")) {
      throw new InvalidNamespaceError(
        `Namespace labels cannot be empty or contain periods ('.'), got ${formatValue(label)} in ${formatValue(namespace)}.`,
      );
    }
  }
  if (namespace[0] === "langgraph") {
    throw new InvalidNamespaceError(
      `Root label for namespace cannot be "langgraph", got ${formatValue(namespace)}.`,
    );
  }
}

/**
 * Checks a namespace, or a prefix of one, that is only read: any labels, as there is just nothing under impossible ones.
 *
 * @throws {InvalidInputError}
 */
export function checkPath(name: string, path: unknown): asserts path is string[] {
  if (!Array.isArray(path) || !path.every((label) => typeof label === "string")) {
    throw new InvalidInputError(`${name} must be an array of strings, got ${formatValue(path)}.`);
  }
}

import { createHash } from "node:crypto";
import * as langgraph from "@langchain/langgraph-checkpoint";
import { InvalidNamespaceError } from "@langchain/langgraph-checkpoint";
import { describe, quote } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
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

/** LangGraph's rules for the labels of a namespace. Versions that export theirs check reads by them too. */
type Rules = (namespace: string[], options?: { allowEmpty?: boolean; allowReservedRoot?: boolean }) => void;

const installedRules = (langgraph as { validateNamespace?: Rules }).validateNamespace;

/**
 * Checks a namespace that is written to, by the rules of the installed LangGraph.
 *
 * @throws {InvalidNamespaceError}
 */
export function checkNamespace(namespace: unknown): asserts namespace is string[] {
  if (!Array.isArray(namespace)) {
    throw new InvalidNamespaceError(`A namespace must be an array of strings, got ${describe(namespace)}.`);
  }
  for (const label of namespace) {
    if (typeof label !== "string") {
      throw new InvalidNamespaceError(`Namespace labels must be strings, got ${describe(label)}.`);
    }
  }
  (installedRules ?? olderRules)(namespace);
}

/**
 * Checks a namespace, or a prefix of one, that is only read or deleted, by the rules of the installed LangGraph. Older
 * versions have none for these: there is just nothing under an impossible label.
 *
 * @param allowEmpty whether `[]` is a path: it is a prefix of all namespaces, but no item is in it.
 * @throws {InvalidInputError} when it is no list of strings.
 * @throws {InvalidNamespaceError}
 */
export function checkPath(
  name: string,
  path: unknown,
  { allowEmpty }: { allowEmpty: boolean },
): asserts path is string[] {
  if (!Array.isArray(path) || !path.every((label) => typeof label === "string")) {
    throw new InvalidInputError(`${name} must be an array of strings, got ${describe(path)}.`);
  }
  installedRules?.(path, { allowEmpty, allowReservedRoot: true });
}

/** The rules of the versions that do not export theirs. */
function olderRules(namespace: readonly string[]): void {
  if (namespace.length === 0) throw new InvalidNamespaceError("Namespace cannot be empty.");
  for (const label of namespace) {
    if (label === "" || label.includes(".")) {
      throw new InvalidNamespaceError(
        `Namespace labels cannot be empty or contain periods ('.'), got ${quote(label)} in ${quote(namespace)}.`,
      );
    }
  }
  if (namespace[0] === "langgraph") {
    throw new InvalidNamespaceError(
      `Root label for namespace cannot be "langgraph", got ${quote(namespace)}.`,
    );
  }
}

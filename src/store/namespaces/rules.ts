import * as langgraph from "@langchain/langgraph-checkpoint";
import { InvalidNamespaceError } from "@langchain/langgraph-checkpoint";
import { describe, quote } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";

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

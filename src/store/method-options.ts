import type { MatchCondition } from "@langchain/langgraph-checkpoint";
import { readCallback } from "../callback.js";
import { describe, quote } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { checkKnownOptions } from "../redis/known-options.js";
import { readArguments } from "./arguments.js";
import { parseFilter } from "./filter/parse-filter.js";
import { holdAlways } from "./filter/predicate.js";
import {
  DELETE_NAMESPACE_OPTIONS,
  DELETE_WHERE_OPTIONS,
  ITERATE_OPTIONS,
  LIST_NAMESPACES_OPTIONS,
  PUT_OPTIONS,
  REENCRYPT_OPTIONS,
  REINDEX_OPTIONS,
  SEARCH_OPTIONS,
} from "./known-options.js";
import { checkPath } from "./namespaces/rules.js";
import type { DeleteWhere } from "./operations/delete-where.js";
import type { Iteration } from "./operations/iterate.js";
import type { Reencryption } from "./operations/reencrypt.js";
import { flag, positiveInteger } from "./read-option.js";
import type {
  DeleteNamespaceOptions,
  DeleteWhereOptions,
  ItemValue,
  IterateOptions,
  ListNamespacesOptions,
  RedisPutOptions,
  RedisSearchOptions,
  ReencryptItemsOptions,
  ReindexOptions,
} from "./types.js";

// The options of methods, read at the call. Those of methods that a batch can do too become the batch's operation, which
// is checked there.

/** The operation of a search. */
export function toSearchOperation(namespacePrefix: string[], options: RedisSearchOptions) {
  return readArguments("the options of search", () => {
    checkKnownOptions(options, SEARCH_OPTIONS, "search");
    return { ...options, namespacePrefix };
  });
}

/** The operation of a put. */
export function toPutOperation(
  namespace: string[],
  key: string,
  value: ItemValue,
  options: false | string[] | RedisPutOptions | undefined,
) {
  const extras = readArguments("the options of put", () => {
    const given = options === false || Array.isArray(options) ? { index: options } : (options ?? {});
    checkKnownOptions(given, PUT_OPTIONS, "put");
    return { ...given };
  });
  // Only `delete` deletes: LangGraph's operation for it is a put of null.
  if (value === null) throw new InvalidInputError(`the value of item ${quote(key)} is null. Use delete().`);
  return { ...extras, namespace, key, value };
}

/** The operation of a listing of namespaces. */
export function toListOperation(options: ListNamespacesOptions) {
  return readArguments("the options of listNamespaces", () => {
    checkKnownOptions(options, LIST_NAMESPACES_OPTIONS, "listNamespaces");
    const { prefix, suffix, maxDepth, limit = 100, offset = 0 } = options;
    const matchConditions: MatchCondition[] = [];
    if (prefix !== undefined && prefix !== null) matchConditions.push({ matchType: "prefix", path: prefix });
    if (suffix !== undefined && suffix !== null) matchConditions.push({ matchType: "suffix", path: suffix });
    return { matchConditions, maxDepth, limit, offset };
  });
}

/** The argument of `countItems`, copied. */
export function parseNamespaces(namespaces: string[][]): string[][] {
  return readArguments("the argument of countItems", () => {
    if (!Array.isArray(namespaces)) {
      throw new InvalidInputError(`countItems needs an array of namespaces, got ${describe(namespaces)}.`);
    }
    return namespaces.map((namespace) => {
      checkPath("namespace", namespace, { allowEmpty: false });
      return [...namespace];
    });
  });
}

/** The arguments of `countVectors`, checked. */
export function parseItemName(namespace: string[], key: string): { namespace: string[]; key: string } {
  return readArguments("the arguments of countVectors", () => {
    checkPath("namespace", namespace, { allowEmpty: false });
    if (typeof key !== "string") throw new InvalidInputError(`key must be a string, got ${describe(key)}.`);
    return { namespace: [...namespace], key };
  });
}

/** The arguments of `deleteNamespace`, checked, with every default filled in. */
export function parseDeleteNamespace(path: string[], options: DeleteNamespaceOptions) {
  return readArguments("the arguments of deleteNamespace", () => {
    checkKnownOptions(options, DELETE_NAMESPACE_OPTIONS, "deleteNamespace");
    checkPath("path", path, { allowEmpty: true });
    if (path.length === 0) {
      throw new InvalidInputError(
        "deleteNamespace needs at least one label. List the namespaces to delete them all.",
      );
    }
    const { batchSize = 500, onProgress } = options;
    return {
      namespace: [...path],
      batchSize: positiveInteger("batchSize", batchSize),
      onProgress: readCallback("onProgress", onProgress),
    };
  });
}

/** The arguments of `deleteWhere`, checked, with every default filled in. */
export function parseDeleteWhere(
  path: string[],
  filter: Record<string, unknown>,
  options: DeleteWhereOptions,
): DeleteWhere {
  return readArguments("the arguments of deleteWhere", () => {
    checkKnownOptions(options, DELETE_WHERE_OPTIONS, "deleteWhere");
    checkPath("path", path, { allowEmpty: true });
    const predicates = parseFilter(filter);
    if (holdAlways(predicates)) {
      throw new InvalidInputError(
        "deleteWhere needs a filter that asks for something. Use deleteNamespace to delete all items under a path.",
      );
    }
    const { batchSize = 500, onProgress } = options;
    return {
      namespace: [...path],
      predicates,
      batchSize: positiveInteger("batchSize", batchSize),
      onProgress: readCallback("onProgress", onProgress),
    };
  });
}

/** The arguments of `iterate`, checked, with every default filled in. */
export function parseIterate(path: string[], options: IterateOptions): Iteration {
  return readArguments("the arguments of iterate", () => {
    checkKnownOptions(options, ITERATE_OPTIONS, "iterate");
    checkPath("path", path, { allowEmpty: true });
    const { filter, batchSize = 500, after } = options;
    return {
      namespace: [...path],
      predicates: parseFilter(filter),
      batchSize: positiveInteger("batchSize", batchSize),
      after: after === undefined ? undefined : parseAfter(after),
    };
  });
}

function parseAfter(after: unknown): Iteration["after"] {
  if (typeof after !== "object" || after === null) {
    throw new InvalidInputError(`after must be { namespace, key } of an item, got ${describe(after)}.`);
  }
  const { namespace, key } = after as { namespace: unknown; key: unknown };
  checkPath("after.namespace", namespace, { allowEmpty: false });
  if (typeof key !== "string")
    throw new InvalidInputError(`after.key must be a string, got ${describe(key)}.`);
  return { namespace: [...namespace], key };
}

/** The arguments of `reencrypt`, checked, with every default filled in. */
export function parseReencrypt(path: string[], options: ReencryptItemsOptions): Reencryption {
  return readArguments("the arguments of reencrypt", () => {
    checkKnownOptions(options, REENCRYPT_OPTIONS, "reencrypt");
    checkPath("path", path, { allowEmpty: true });
    const { batchSize = 100, onProgress } = options;
    return {
      namespace: [...path],
      batchSize: positiveInteger("batchSize", batchSize),
      onProgress: readCallback("onProgress", onProgress),
    };
  });
}

/** The options of `reindex`, checked, with every default filled in. */
export function parseReindexOptions(options: ReindexOptions) {
  return readArguments("the options of reindex", () => {
    checkKnownOptions(options, REINDEX_OPTIONS, "reindex");
    const { reembed = false, batchSize = 100, onProgress } = options;
    return {
      reembed: flag("reembed", reembed),
      batchSize: positiveInteger("batchSize", batchSize),
      onProgress: readCallback("onProgress", onProgress),
    };
  });
}

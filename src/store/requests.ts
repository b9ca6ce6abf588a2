import type { GetOperation, ListNamespacesOperation, MatchCondition } from "@langchain/langgraph-checkpoint";
import { readCallback } from "../callback.js";
import { describe, quote } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { isPlainObject } from "../plain-object.js";
import { checkKnownOptions } from "../redis/known-options.js";
import { readArguments } from "./arguments.js";
import { FieldPath } from "./embedding/field-path.js";
import { parseFilter } from "./filter/parse-filter.js";
import type { Predicate } from "./filter/predicate.js";
import type { Json } from "./items/json.js";
import { encodeValue } from "./items/value.js";
import {
  GET_OPERATION,
  LIST_OPERATION,
  MATCH_CONDITION,
  PUT_OPERATION,
  SEARCH_OPERATION,
} from "./known-options.js";
import type { Order } from "./listing/order.js";
import { checkNamespace, checkPath } from "./namespaces/rules.js";
import type { StoreSettings } from "./options.js";
import { asError, type Outcome } from "./pipeline.js";
import { flag, oneOf, positiveInteger, readNumber, readTtl, wholeNumber } from "./read-option.js";
import type {
  RedisPutOperation,
  RedisSearchOperation,
  SearchExplanation,
  SearchMode,
  StoreOperation,
} from "./types.js";

export interface GetRequest {
  kind: "get";
  namespace: string[];
  key: string;
}

export interface PutRequest {
  kind: "put";
  namespace: string[];
  key: string;
  /** The value as it will be read back. */
  value: Json;
  /** The value as it will be stored. */
  text: string;
  /** What the put said about indexing; `undefined` for the store's own fields. */
  fields: readonly FieldPath[] | undefined;
  /** Milliseconds; `undefined` for never. */
  ttl: number | undefined;
  condition: PutCondition | undefined;
}

export type PutCondition = { absent: true } | { version: number };

export interface DeleteRequest {
  kind: "delete";
  namespace: string[];
  key: string;
}

export interface SearchRequest {
  kind: "search";
  scope: string[];
  predicates: Predicate[];
  limit: number;
  offset: number;
  /** `undefined` for a listing. */
  query: string | undefined;
  mode: SearchMode;
  minScore: number | undefined;
  efRuntime: number | undefined;
  /** Of a listing. */
  order: Order;
  explain: ((sent: SearchExplanation) => void) | undefined;
  /** Waits for the promises that `explain` has returned. */
  explained: (() => Promise<unknown>) | undefined;
}

export interface ListRequest {
  kind: "list";
  conditions: MatchCondition[];
  maxDepth: number | undefined;
  limit: number;
  offset: number;
}

/** An operation that was checked, with every default filled in. */
export type Request = GetRequest | PutRequest | DeleteRequest | SearchRequest | ListRequest;

/** A request of a batch, with its position in it. */
export interface IndexedRequest<R extends Request = Request> {
  position: number;
  request: R;
}

/** @throws an error that names what is wrong with the operation. */
export function parseOperation(operation: StoreOperation, settings: StoreSettings): Request {
  if (typeof operation !== "object" || operation === null) {
    throw new InvalidInputError(`an operation must be an object, got ${describe(operation)}.`);
  }
  if (!isPlainObject(operation as unknown)) {
    throw new InvalidInputError(`an operation must be a plain object, got ${describe(operation)}.`);
  }
  if ("namespacePrefix" in operation) return parseSearch(operation, settings);
  if ("key" in operation && "value" in operation) {
    checkKnownOptions(operation, PUT_OPERATION, "put");
    return operation.value === null ? parseDelete(operation) : parsePut(operation, settings);
  }
  if ("key" in operation) {
    checkKnownOptions(operation, GET_OPERATION, "get");
    return parseKeyed("get", operation);
  }
  return parseList(operation);
}

function parseKeyed<K extends "get" | "delete">(kind: K, { namespace, key }: GetOperation) {
  checkPath("namespace", namespace, { allowEmpty: false });
  checkKey(key);
  return { kind, namespace: [...namespace], key };
}

function parseDelete(operation: RedisPutOperation): DeleteRequest {
  if (operation.ifVersion !== undefined || parseIfAbsent(operation)) {
    throw new InvalidInputError("ifVersion and ifAbsent are for a put: a delete is done whatever there is.");
  }
  return parseKeyed("delete", operation);
}

function checkKey(key: unknown): asserts key is string {
  if (typeof key !== "string") throw new InvalidInputError(`key must be a string, got ${describe(key)}.`);
}

function parsePut(operation: RedisPutOperation, settings: StoreSettings): PutRequest {
  const { namespace, key, index } = operation;
  checkNamespace(namespace);
  checkKey(key);
  return {
    kind: "put",
    namespace: [...namespace],
    key,
    ...encodeValue(operation.value, () => `item ${quote(key)} in namespace ${quote(namespace)}`),
    fields: parseIndex(index),
    ttl: operation.ttl === undefined ? settings.defaultTtl : readTtl("ttl", operation.ttl),
    condition: parseCondition(operation),
  };
}

function parseIndex(index: unknown): readonly FieldPath[] | undefined {
  if (index === undefined || index === null) return undefined;
  if (index === false) return [];
  if (!Array.isArray(index)) {
    throw new InvalidInputError(`index must be false or an array of fields, got ${describe(index)}.`);
  }
  return index.map(FieldPath.parse);
}

function parseIfAbsent({ ifAbsent }: RedisPutOperation): boolean {
  return ifAbsent === undefined ? false : flag("ifAbsent", ifAbsent);
}

function parseCondition(operation: RedisPutOperation): PutCondition | undefined {
  const { ifVersion } = operation;
  const ifAbsent = parseIfAbsent(operation);
  if (ifAbsent && ifVersion !== undefined) {
    throw new InvalidInputError("ifAbsent and ifVersion contradict each other. Give one of them.");
  }
  if (ifAbsent) return { absent: true };
  return ifVersion === undefined ? undefined : { version: wholeNumber("ifVersion", ifVersion) };
}

const MODES = ["vector", "text", "hybrid"] as const;

function parseSearch(operation: RedisSearchOperation, settings: StoreSettings): SearchRequest {
  checkKnownOptions(operation, SEARCH_OPERATION, "search");
  const { namespacePrefix, filter, query, minScore, efRuntime, explain } = operation;
  const { vectors, textFields } = settings;
  checkPath("namespacePrefix", namespacePrefix, { allowEmpty: true });
  if (query !== undefined && query !== null && typeof query !== "string") {
    throw new InvalidInputError(`query must be a string, got ${describe(query)}.`);
  }
  const request: SearchRequest = {
    kind: "search",
    scope: [...namespacePrefix],
    predicates: parseFilter(filter),
    limit: wholeNumber("limit", operation.limit ?? 10),
    offset: wholeNumber("offset", operation.offset ?? 0),
    query: query?.trim() ? query : undefined,
    mode: oneOf("mode", operation.mode ?? (vectors || !textFields ? "vector" : "text"), MODES),
    minScore: minScore === undefined ? settings.minScore : readNumber("minScore", minScore),
    efRuntime: efRuntime === undefined ? undefined : positiveInteger("efRuntime", efRuntime),
    order: parseOrder(operation),
    ...readExplain(explain),
  };
  if (query?.trim() && (operation.orderBy !== undefined || operation.order !== undefined)) {
    throw new InvalidInputError(
      "orderBy and order are for listings: a search with a query has the best first.",
    );
  }
  if (request.query === undefined) return request;
  const { mode } = request;
  if (mode !== "vector" && !textFields) {
    throw new InvalidInputError(`mode ${quote(mode)} needs an index of words. Set index.text to true.`);
  }
  if (mode !== "text" && !vectors) {
    // Without any index a query is ignored and matching items are listed, as in LangGraph's InMemoryStore.
    if (!textFields) return { ...request, query: undefined };
    throw new InvalidInputError(
      `mode ${quote(mode)} needs an embedding model. Configure index.dims and index.embeddings, or use mode "text".`,
    );
  }
  if (request.mode === "text" && minScore !== undefined) {
    throw new InvalidInputError('minScore is a similarity of vectors, which mode "text" does not compute.');
  }
  return request;
}

/** Queries are made where nothing can be waited for, so it is done when the answers are there. */
function readExplain(explain: RedisSearchOperation["explain"]): Pick<SearchRequest, "explain" | "explained"> {
  const tell = readCallback("explain", explain);
  if (!tell) return { explain: undefined, explained: undefined };
  const told: Promise<void>[] = [];
  return {
    explain: (sent) => {
      const telling = tell(sent);
      if (!telling) return;
      telling.catch(() => {}); // until then
      told.push(telling);
    },
    explained: () => Promise.all(told),
  };
}

function parseOrder({ orderBy, order }: RedisSearchOperation): Order {
  const by = oneOf("orderBy", orderBy ?? "updatedAt", ["updatedAt", "createdAt", "key"]);
  return {
    by,
    descending: oneOf("order", order ?? (by === "key" ? "asc" : "desc"), ["asc", "desc"]) === "desc",
  };
}

function parseList(operation: ListNamespacesOperation): ListRequest {
  const { matchConditions, maxDepth, limit, offset } = operation;
  checkKnownOptions(operation, LIST_OPERATION, "listNamespaces");
  const conditions: unknown = matchConditions ?? [];
  if (!Array.isArray(conditions)) {
    throw new InvalidInputError(`matchConditions must be an array, got ${describe(conditions)}.`);
  }
  return {
    kind: "list",
    conditions: conditions.map(parseMatchCondition),
    maxDepth: maxDepth === undefined || maxDepth === null ? undefined : positiveInteger("maxDepth", maxDepth),
    limit: limit === undefined ? Number.MAX_SAFE_INTEGER : wholeNumber("limit", limit),
    offset: wholeNumber("offset", offset ?? 0),
  };
}

function parseMatchCondition(condition: MatchCondition): MatchCondition {
  checkKnownOptions(condition ?? null, MATCH_CONDITION, "matchConditions");
  const { matchType, path } = condition;
  oneOf("matchType", matchType, ["prefix", "suffix"]);
  checkPath(matchType, path, { allowEmpty: true });
  return { matchType, path: [...path] };
}

/** An operation of a batch. */
export interface BatchOperation {
  /** What the caller gave, for errors only: it may have changed since. */
  operation: StoreOperation;
  /** What was asked for at the call, or why it cannot be done. */
  request: Outcome<Request>;
}

/** Reads the operations of a batch. @throws {InvalidInputError} when they are no array. */
export function parseBatch(operations: readonly StoreOperation[], settings: StoreSettings): BatchOperation[] {
  return readArguments("the operations of batch", () => {
    if (!Array.isArray(operations)) {
      throw new InvalidInputError(`batch needs an array of operations, got ${describe(operations)}.`);
    }
    return Array.from(operations as readonly StoreOperation[], (operation) => ({
      operation,
      request: parseRequest(operation, settings),
    }));
  });
}

function parseRequest(operation: StoreOperation, settings: StoreSettings): Outcome<Request> {
  try {
    return { ok: true, value: readArguments("the operation", () => parseOperation(operation, settings)) };
  } catch (error) {
    return { ok: false, error: asError(error) };
  }
}

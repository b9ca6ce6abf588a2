import type { Attributes } from "@opentelemetry/api";
import type { OperationMessage } from "../redis/operation-channel.js";

/** What the objects keep, as the collection that an operation is on. */
const COLLECTIONS = { saver: "checkpoints", store: "store", cache: "cache" } as const;

/** The operations that return what they have found, by which rows are counted. */
const READS: Readonly<Record<OperationMessage["component"], readonly string[]>> = {
  saver: ["getTuple", "list", "getDeltaChannelHistory", "listThreads"],
  store: ["get", "search", "listNamespaces", "iterate"],
  cache: ["get"],
};

const DEFAULT_PORT = 6379;

/** The name of the span: the operation, and what it is on. */
export function spanName(message: OperationMessage): string {
  return `${operationName(message)} ${COLLECTIONS[message.component]}`;
}

/** What has few different values: for spans and for metrics. */
export function metricAttributes(message: OperationMessage): Attributes {
  const { component, server, errorCode } = message;
  return {
    "db.system.name": "redis",
    "db.operation.name": operationName(message),
    "db.collection.name": COLLECTIONS[component],
    ...(server && { "server.address": server.address }),
    ...(server?.port !== undefined && server.port !== DEFAULT_PORT && { "server.port": server.port }),
    ...(errorCode !== undefined && { "error.type": errorCode }),
  };
}

/** What is known when the span starts. @param recordIds whether ids, namespaces and keys may be among it. */
export function startAttributes(message: OperationMessage, recordIds: boolean): Attributes {
  const { threadId, checkpointNs, checkpointId, namespace, key, keyPrefix, batch } = message;
  const size = batch && sum(Object.values(batch).map(({ operations }) => operations));
  return {
    ...metricAttributes(message),
    "langgraph.redis.key_prefix": keyPrefix,
    ...(size !== undefined && { "db.operation.batch.size": size }),
    ...(recordIds && {
      ...(threadId !== undefined && { "langgraph.thread.id": threadId }),
      ...(checkpointNs !== undefined && { "langgraph.checkpoint.ns": checkpointNs }),
      ...(checkpointId !== undefined && { "langgraph.checkpoint.id": checkpointId }),
      ...(namespace && { "langgraph.store.namespace": [...namespace] }),
      ...(key !== undefined && { "langgraph.store.key": key }),
    }),
  };
}

/** What is known when the span ends. */
export function endAttributes(message: OperationMessage): Attributes {
  const { errorCode, roundTrips, bytesSent, bytesReceived, retries, results } = message;
  const rows = returnedRows(message);
  return {
    "langgraph.redis.round_trips": roundTrips,
    "langgraph.redis.bytes_sent": bytesSent,
    "langgraph.redis.bytes_received": bytesReceived,
    "langgraph.redis.retries": retries,
    ...(results !== undefined && { "langgraph.redis.results": results }),
    ...(rows !== undefined && { "db.response.returned_rows": rows }),
    ...(errorCode !== undefined && { "error.type": errorCode }),
  };
}

/** How many results an operation has returned; undefined for one that returns none, or has failed. */
export function returnedRows({ component, operation, results, batch }: OperationMessage): number | undefined {
  if (results === undefined) return undefined;
  if (!batch) return READS[component].includes(operation) ? results : undefined;
  const reads = Object.entries(batch).filter(([kind]) => READS[component].includes(kind));
  return reads.length === 0 ? undefined : sum(reads.map(([, ofKind]) => ofKind.results ?? 0));
}

/** As the conventions name batches: `BATCH get` if all are of that kind, else `BATCH`. */
function operationName({ operation, batch }: OperationMessage): string {
  if (!batch) return operation;
  const kinds = Object.keys(batch);
  return kinds.length === 1 ? `BATCH ${kinds[0]}` : "BATCH";
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

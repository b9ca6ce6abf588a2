import { InvalidNamespaceError } from "@langchain/langgraph-checkpoint";
import { EncryptionError, LangGraphRedisError, type OperationContext } from "../../errors.js";
import type { BatchedOperations } from "../../redis/operation-channel.js";
import { toOperationError } from "../../redis/operation-error.js";
import { countResults, type ResultCounts } from "../../redis/operation-observation.js";
import type { ActiveIndex, StoreContext } from "../context.js";
import type { StoreEngine } from "../engines/engine.js";
import { BatchError, type BatchFailure, IndexMismatchError } from "../errors.js";
import { type ItemMeta, toItem } from "../items/item.js";
import { completeTask, getTask } from "../items/read.js";
import { listItems } from "../listing/listing.js";
import { listTask } from "../namespaces/registry.js";
import { asError, type Outcome, type PipelineTask, runTasks } from "../pipeline.js";
import type { BatchOperation, IndexedRequest, Request, SearchRequest } from "../requests.js";
import type { RedisItem, RedisSearchItem } from "../types.js";
import { type Embedded, embedBatch } from "./embed-batch.js";
import { canSeeAny, type ReadRequest } from "./visibility.js";
import { WriteBatch } from "./write-batch.js";
import type { IndexedWrite } from "./write-order.js";

/**
 * Does all operations of a batch, in as few round trips as they need. Reads see the store as it was before the batch;
 * of several writes of one item the last one that can be done counts.
 *
 * @throws the error of the only operation; for more than one, {@link BatchError} after all others were done.
 */
export async function runBatch(
  context: StoreContext,
  operations: readonly BatchOperation[],
): Promise<unknown[]> {
  return settle(operations, await runOperations(context, operations));
}

/**
 * Does a put.
 *
 * @returns the item as it is stored.
 * @throws the error of the put.
 */
export async function putItem(context: StoreContext, operation: BatchOperation): Promise<RedisItem> {
  const outcomes = await runOperations(context, [operation]);
  settle([operation], outcomes);
  const { request } = operation;
  const [outcome] = outcomes;
  if (!request.ok || request.value.kind !== "put" || !outcome?.ok) throw new TypeError("not a put");
  const { namespace, key, text } = request.value;
  const { document } = context.keys.ofItem(namespace, key);
  return toItem({ namespace, key, document }, text, outcome.value as ItemMeta);
}

/** Does all operations. The outcome of a put is what its item then has. */
async function runOperations(
  context: StoreContext,
  operations: readonly BatchOperation[],
): Promise<(Outcome<unknown> | undefined)[]> {
  const outcomes: (Outcome<unknown> | undefined)[] = operations.map(() => undefined);
  const requests: IndexedRequest[] = [];
  operations.forEach(({ request }, position) => {
    if (request.ok) requests.push({ position, request: request.value });
    else outcomes[position] = request;
  });
  let possible: readonly IndexedRequest[] = requests;
  const prepare = async <T>(kinds: readonly Request["kind"][], work: () => Promise<T>) => {
    const needing = possible.filter(({ request }) => kinds.includes(request.kind));
    try {
      return needing.length > 0 ? await work() : undefined;
    } catch (error) {
      if (!(error instanceof IndexMismatchError || error instanceof EncryptionError)) throw error;
      for (const { position } of needing) outcomes[position] = { ok: false, error };
      possible = possible.filter((request) => !needing.includes(request));
      return undefined;
    }
  };
  await prepare(["get", "put", "search"], () => context.keysReady());
  const active = await prepare(["put", "search"], () => context.activeIndex());
  if (possible.length > 0) await new Batch(context, outcomes).run(possible, active);
  return outcomes;
}

class Batch {
  constructor(
    private readonly context: StoreContext,
    private readonly outcomes: (Outcome<unknown> | undefined)[],
  ) {}

  /** @param active Known when there is a request that needs it: a put or a search. */
  async run(requests: readonly IndexedRequest[], active: ActiveIndex | undefined): Promise<void> {
    const embedded = await embedBatch(this.context, requests);
    const reads: IndexedRequest<ReadRequest>[] = [];
    const writes: IndexedWrite[] = [];
    for (const { position, request } of requests) {
      if (request.kind === "delete") writes.push({ position, request });
      else if (request.kind === "put") {
        const vectors = embedded.texts.get(position) ?? { ok: true, value: [] };
        if (active?.readOnly) this.outcomes[position] = { ok: false, error: active.readOnly };
        else if (vectors.ok) writes.push({ position, request, vectors: vectors.value });
        else this.outcomes[position] = vectors;
      } else {
        const vector = embedded.queries.get(position);
        if (vector?.ok === false) this.outcomes[position] = vector;
        else reads.push({ position, request });
      }
    }
    const write = () => new WriteBatch(this.context, this.outcomes, active).run(writes);
    // What can see a write is answered before the first write is sent: commands that are sent together may be done in
    // another order, over several connections of a pool or when they are sent again.
    if (canSeeAny(reads, writes)) {
      await this.read(reads, embedded, active);
      await write();
    } else {
      await Promise.all([this.read(reads, embedded, active), write()]);
    }
  }

  private async read(
    reads: readonly IndexedRequest<ReadRequest>[],
    embedded: Embedded,
    active: ActiveIndex | undefined,
  ): Promise<void> {
    const tasks = (from: readonly IndexedRequest<ReadRequest>[], engine: StoreEngine | undefined) =>
      from.map(({ position, request }) => this.readTask(request, embedded.queries.get(position), engine));
    const results = await runTasks(this.context.connection, tasks(reads, active?.engine));
    const lost = reads.filter((_, at) => {
      const outcome = results[at];
      return outcome?.ok === false && active?.engine.isIndexChanged(outcome.error);
    });
    reads.forEach(({ position }, at) => {
      this.outcomes[position] = results[at];
    });
    if (lost.length > 0 && active) await this.readAgain(lost, active, tasks);
    await this.awaitExplained(reads);
  }

  /** Reads what the index was changed under. */
  private async readAgain(
    lost: readonly IndexedRequest<ReadRequest>[],
    active: ActiveIndex,
    tasks: (
      from: readonly IndexedRequest<ReadRequest>[],
      engine: StoreEngine,
    ) => readonly PipelineTask<unknown>[],
  ): Promise<void> {
    try {
      const renewed = await this.context.renew(active);
      const again = await runTasks(this.context.connection, tasks(lost, renewed.engine));
      lost.forEach(({ position }, at) => {
        this.outcomes[position] = again[at];
      });
    } catch (error) {
      for (const { position } of lost) this.outcomes[position] = { ok: false, error: asError(error) };
    }
  }

  private async awaitExplained(reads: readonly IndexedRequest<ReadRequest>[]): Promise<void> {
    for (const { position, request } of reads) {
      if (request.kind !== "search" || !request.explained) continue;
      try {
        await request.explained();
      } catch (error) {
        this.outcomes[position] = { ok: false, error: asError(error) };
      }
    }
  }

  private readTask(
    request: ReadRequest,
    vector: Outcome<Float32Array> | undefined,
    engine: StoreEngine | undefined,
  ): PipelineTask<unknown> {
    const { keys, settings, readMode } = this.context;
    switch (request.kind) {
      case "get":
        return getTask(this.context, request, readMode);
      case "list":
        return listTask(keys, request, settings.limits);
      case "search": {
        if (!engine) throw new TypeError("a search needs the index");
        return this.complete(this.searchTask(request, vector?.ok ? vector.value : undefined, engine));
      }
    }
  }

  private *searchTask(
    request: SearchRequest,
    vector: Float32Array | undefined,
    engine: StoreEngine,
  ): PipelineTask<RedisSearchItem[]> {
    if (request.limit === 0) return [];
    if (request.query !== undefined) return yield* engine.search(request, vector);
    const matching = request.predicates.length > 0 ? yield* engine.listMatching(request) : undefined;
    return matching ?? (yield* listItems(this.context, request));
  }

  private *complete(search: PipelineTask<RedisSearchItem[]>): PipelineTask<RedisSearchItem[]> {
    const found = yield* search;
    const { keys, readMode } = this.context;
    yield* completeTask(keys, found, readMode);
    return found;
  }
}

function settle(
  operations: readonly BatchOperation[],
  outcomes: readonly (Outcome<unknown> | undefined)[],
): unknown[] {
  const failures: BatchFailure[] = [];
  const results = operations.map(({ operation, request }, index) => {
    const outcome = outcomes[index];
    if (outcome?.ok === false) failures.push({ index, operation, error: explain(request, outcome.error) });
    // A put has no result in LangGraph's contract.
    return outcome?.ok && request.ok && !isWrite(request.value) ? outcome.value : undefined;
  });
  const [first] = failures;
  if (!first) return results;
  throw operations.length === 1 ? first.error : new BatchError(failures, results);
}

function isWrite({ kind }: Request): boolean {
  return kind === "put" || kind === "delete";
}

/** Which operation it is, for messages about all of the batch. */
export function contextOfBatch(operations: readonly BatchOperation[]): OperationContext {
  const only = operations.length === 1 ? operations[0]?.request : undefined;
  return only?.ok ? contextOf(only.value) : { operation: "batch" };
}

/**
 * How many operations of each kind a batch of several has, for those who observe it.
 *
 * @param results what came of them, once that is known.
 */
export function countBatch(
  batch: readonly BatchOperation[],
  results?: readonly unknown[],
): Record<string, BatchedOperations> | undefined {
  if (batch.length === 1) return undefined;
  const counts: Record<string, BatchedOperations> = {};
  batch.forEach(({ request }, index) => {
    // One that could not even be read has failed, and with it the batch.
    if (!request.ok) return;
    const { operation } = contextOf(request.value);
    const ofKind = counts[operation] ?? { operations: 0, ...(results && { results: 0 }) };
    ofKind.operations++;
    if (ofKind.results !== undefined) ofKind.results += countOf(request.value, results?.[index]);
    counts[operation] = ofKind;
  });
  return counts;
}

/** How many results a request had: a write is one. */
function countOf(request: Request, result: unknown): number {
  return isWrite(request) ? 1 : (countResults(result) ?? 0);
}

/** The same for all operations of a batch. */
export function countBatchResults(
  batch: readonly BatchOperation[],
  results: readonly unknown[],
): ResultCounts {
  const [only] = batch;
  return (
    countBatch(batch, results) ?? (only?.request.ok ? countOf(only.request.value, results[0]) : undefined)
  );
}

/** An error of Redis or of the network, with the operation it struck. Errors of ours name theirs already. */
function explain(request: Outcome<Request>, error: Error): Error {
  if (error instanceof LangGraphRedisError || error instanceof InvalidNamespaceError || !request.ok)
    return error;
  return toOperationError(contextOf(request.value), error);
}

function contextOf(request: Request): OperationContext {
  switch (request.kind) {
    case "search":
      return { operation: "search", namespace: request.scope };
    case "list":
      return { operation: "listNamespaces" };
    default:
      return { operation: request.kind, namespace: request.namespace, key: request.key };
  }
}

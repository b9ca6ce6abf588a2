import { InvalidNamespaceError } from "@langchain/langgraph-checkpoint";
import { LangGraphRedisError, type OperationContext } from "../../errors.js";
import { toOperationError } from "../../redis/operation-error.js";
import type { Backend, Ready } from "../context.js";
import { BatchError, type BatchFailure } from "../errors.js";
import { getPlan, touchPlan } from "../items/read.js";
import { type Write, writePlan } from "../items/write.js";
import { listPlan } from "../namespaces/registry.js";
import { asError, type Outcome, type Plan, runPlan, runPlans } from "../pipeline.js";
import type { BatchOperation, GetRequest, ListRequest, Request, SearchRequest } from "../requests.js";
import type { RedisSearchItem } from "../types.js";
import { type Embedded, embedBatch } from "./embed-batch.js";
import { dropSuperseded, inWaves, itemId, type OrderedWrite, type PlacedWrite } from "./write-order.js";

/** One operation of a batch, with its place in it. */
interface Placed<R extends Request = Request> {
  place: number;
  request: R;
}

type ReadRequest = GetRequest | SearchRequest | ListRequest;

/**
 * Does all operations of a batch, in as few round trips as they need. Reads see the store as it was before the batch;
 * of several writes of one item the last one that can be done counts.
 *
 * @throws the error of the only operation; for more than one, {@link BatchError} after all others were done.
 */
export async function runBatch(backend: Backend, operations: readonly BatchOperation[]): Promise<unknown[]> {
  const outcomes: (Outcome<unknown> | undefined)[] = operations.map(() => undefined);
  const placed: Placed[] = [];
  operations.forEach(({ request }, place) => {
    if (request.ok) placed.push({ place, request: request.value });
    else outcomes[place] = request;
  });
  if (placed.length > 0) {
    const ready = await backend.ready();
    await new Batch(backend, outcomes).run(placed, ready);
  }
  return settle(operations, outcomes);
}

class Batch {
  constructor(
    private readonly backend: Backend,
    private readonly outcomes: (Outcome<unknown> | undefined)[],
  ) {}

  async run(placed: readonly Placed[], ready: Ready): Promise<void> {
    const embedded = await embedBatch(this.backend, placed);
    const reads: Placed<ReadRequest>[] = [];
    const writes: PlacedWrite[] = [];
    for (const { place, request } of placed) {
      if (request.kind === "delete") writes.push({ place, request });
      else if (request.kind === "put") {
        const vectors = embedded.texts.get(place) ?? { ok: true, value: [] };
        if (vectors.ok) writes.push({ place, request, vectors: vectors.value });
        else this.outcomes[place] = vectors;
      } else {
        const vector = embedded.queries.get(place);
        if (vector?.ok === false) this.outcomes[place] = vector;
        else reads.push({ place, request });
      }
    }
    // Whatever could see a write is answered before the first write is sent: commands that are sent together may be
    // done in another order, over several connections of a pool or when they are sent again.
    const written = new Set(writes.map(({ request }) => itemId(request)));
    if (reads.every(({ request }) => request.kind === "get" && !written.has(itemId(request)))) {
      await Promise.all([this.read(reads, embedded, ready), this.write(writes, ready)]);
    } else {
      await this.read(reads, embedded, ready);
      await this.write(writes, ready);
    }
  }

  private async read(reads: readonly Placed<ReadRequest>[], embedded: Embedded, ready: Ready): Promise<void> {
    const plans = (from: readonly Placed<ReadRequest>[], { engine }: Ready) =>
      from.map(({ place, request }) => this.readPlan(request, embedded.queries.get(place), engine));
    const results = await runPlans(this.backend.connection, plans(reads, ready));
    const lost = reads.filter((_, at) => {
      const outcome = results[at];
      return outcome?.ok === false && ready.engine.isIndexChanged(outcome.error);
    });
    reads.forEach(({ place }, at) => {
      this.outcomes[place] = results[at];
    });
    if (lost.length === 0) return;
    try {
      const renewed = await this.backend.renew(ready);
      const again = await runPlans(this.backend.connection, plans(lost, renewed));
      lost.forEach(({ place }, at) => {
        this.outcomes[place] = again[at];
      });
    } catch (error) {
      for (const { place } of lost) this.outcomes[place] = { ok: false, error: asError(error) };
    }
  }

  private readPlan(
    request: ReadRequest,
    vector: Outcome<Float32Array> | undefined,
    engine: Ready["engine"],
  ): Plan<unknown> {
    const { keys, settings } = this.backend;
    switch (request.kind) {
      case "get":
        return getPlan(keys, request, settings.refreshOnRead);
      case "list":
        return listPlan(keys, request, settings.limits);
      case "search": {
        const search = engine.search(request, vector?.ok ? vector.value : undefined);
        return settings.refreshOnRead ? this.refreshing(search) : search;
      }
    }
  }

  private *refreshing(search: Plan<RedisSearchItem[]>): Plan<RedisSearchItem[]> {
    const found = yield* search;
    const { keys } = this.backend;
    yield* touchPlan(
      keys,
      found.map(({ namespace, key }) => ({ namespace, key })),
    );
    return found;
  }

  private async write(writes: readonly PlacedWrite[], ready: Ready): Promise<void> {
    for (const wave of inWaves(dropSuperseded(writes))) {
      for (let next: OrderedWrite[] = wave; next.length > 0; ) {
        next = await this.writeWave(next, ready);
      }
    }
  }

  /** @returns the writes to do in place of those that Redis refused. */
  private async writeWave(writes: readonly OrderedWrite[], ready: Ready): Promise<OrderedWrite[]> {
    const set = ({ place, supersedes }: OrderedWrite, outcome: Outcome<unknown> | undefined) => {
      this.outcomes[place] = outcome;
      if (outcome?.ok)
        for (const each of supersedes) this.outcomes[each.place] = { ok: true, value: undefined };
    };
    try {
      const outcomes = await this.writeFor(writes, ready);
      writes.forEach((write, at) => {
        set(write, outcomes[at]);
      });
      return writes.flatMap(({ supersedes: [last, ...earlier] }, at) =>
        last && !outcomes[at]?.ok ? [{ ...last, supersedes: earlier }] : [],
      );
    } catch (error) {
      // Nobody knows which of them were done; doing earlier ones now could undo them.
      for (const { place, supersedes } of writes) {
        for (const each of [place, ...supersedes.map((superseded) => superseded.place)]) {
          this.outcomes[each] = { ok: false, error: asError(error) };
        }
      }
      return [];
    }
  }

  /** Writes what the index that serves in the end finds. */
  private async writeFor(writes: readonly Write[], ready: Ready): Promise<Outcome<number | undefined>[]> {
    const written = await this.writeOnce(writes, ready);
    if (written.definition === ready.index.text) return written.outcomes;
    // The index was changed or lost meanwhile. What was written has to be found by the one that serves now.
    const renewed = await this.backend.renew(ready);
    if (renewed.index.generation === ready.index.generation) return written.outcomes;
    await this.writeOnce(
      writes.flatMap((write, at) => {
        const outcome = written.outcomes[at];
        if (!("vectors" in write) || !outcome?.ok || outcome.value === undefined) return [];
        // Only what is still as it was just written.
        return [{ ...write, request: { ...write.request, condition: { version: outcome.value } } }];
      }),
      renewed,
    );
    return written.outcomes;
  }

  private writeOnce(writes: readonly Write[], { index }: Ready) {
    const { connection, keys } = this.backend;
    const { numericFields, text } = index.definition;
    return runPlan(
      connection,
      writePlan(keys, writes, { generation: index.generation, numericFields, text }),
    );
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
    // A put has no result in LangGraph's contract; the version it was given stays with the item.
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

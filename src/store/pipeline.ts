import type { Connection, Reply } from "../redis/command.js";
import { executeAll, type PipelineEntry } from "../redis/script.js";

/**
 * An operation as a dialogue: it yields the steps that it wants to be run, and is continued with their replies, until
 * it returns its result. As it does not run them itself, many operations share each round trip.
 */
export type Plan<T> = Generator<readonly PipelineEntry[], T, readonly (Reply | Error)[]>;

export type Outcome<T> = { ok: true; value: T } | { ok: false; error: Error };

/** Runs plans side by side: their steps of one round go out together, in the order of the plans. */
export async function runPlans<T>(connection: Connection, plans: readonly Plan<T>[]): Promise<Outcome<T>[]> {
  const outcomes: Outcome<T>[] = [];
  let waiting: { plan: Plan<T>; place: number; steps: readonly PipelineEntry[] }[] = [];

  const advance = (
    plan: Plan<T>,
    place: number,
    resume: () => IteratorResult<readonly PipelineEntry[], T>,
  ) => {
    try {
      const next = resume();
      if (next.done) outcomes[place] = { ok: true, value: next.value };
      else waiting.push({ plan, place, steps: next.value });
    } catch (error) {
      outcomes[place] = { ok: false, error: asError(error) };
    }
  };

  plans.forEach((plan, place) => {
    advance(plan, place, () => plan.next([]));
  });
  while (waiting.length > 0) {
    const round = waiting;
    waiting = [];
    try {
      const replies = await executeAll(
        connection,
        round.flatMap(({ steps }) => steps),
      );
      let from = 0;
      for (const { plan, place, steps } of round) {
        const own = replies.slice(from, from + steps.length);
        from += steps.length;
        advance(plan, place, () => plan.next(own));
      }
    } catch (error) {
      for (const { plan, place } of round) advance(plan, place, () => plan.throw(error));
    }
  }
  return outcomes;
}

/** Runs one plan. @throws what the plan throws. */
export async function runPlan<T>(connection: Connection, plan: Plan<T>): Promise<T> {
  const [outcome] = await runPlans(connection, [plan]);
  if (!outcome?.ok) throw outcome?.error;
  return outcome.value;
}

/** One step within a plan. @throws the error that Redis answered. */
export function* step(wanted: PipelineEntry): Plan<Reply> {
  const [reply] = yield [wanted];
  if (reply instanceof Error) throw reply;
  return reply as Reply;
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Plans within a plan, side by side. @throws what the first of them throws. */
export function* together<T>(plans: readonly Plan<T>[]): Plan<T[]> {
  const results: T[] = [];
  let active = plans.map((plan, place) => ({ plan, place, next: plan.next([]) }));
  for (;;) {
    for (const { place, next } of active) if (next.done) results[place] = next.value;
    active = active.filter(({ next }) => !next.done);
    if (active.length === 0) return results;
    const replies = yield active.flatMap(({ next }) => next.value as readonly PipelineEntry[]);
    let from = 0;
    active = active.map(({ plan, place, next }) => {
      const own = replies.slice(from, from + (next.value as readonly PipelineEntry[]).length);
      from += own.length;
      return { plan, place, next: plan.next(own) };
    });
  }
}

import type { Connection, Reply } from "../redis/command.js";
import { executeAll, type PipelineEntry } from "../redis/script.js";

/**
 * An operation as a dialogue: it yields the entries that it wants to be run, and is continued with their replies, until
 * it returns its result. As it does not run them itself, many operations share each round trip.
 */
export type PipelineTask<T> = Generator<readonly PipelineEntry[], T, readonly (Reply | Error)[]>;

export type Outcome<T> = { ok: true; value: T } | { ok: false; error: Error };

/** Runs tasks side by side: their entries of one round go out together, in the order of the tasks. */
export async function runTasks<T>(
  connection: Connection,
  tasks: readonly PipelineTask<T>[],
): Promise<Outcome<T>[]> {
  const outcomes: Outcome<T>[] = [];
  let waiting: { task: PipelineTask<T>; position: number; entries: readonly PipelineEntry[] }[] = [];

  const advance = (
    task: PipelineTask<T>,
    position: number,
    resume: () => IteratorResult<readonly PipelineEntry[], T>,
  ) => {
    try {
      const next = resume();
      if (next.done) outcomes[position] = { ok: true, value: next.value };
      else waiting.push({ task, position, entries: next.value });
    } catch (error) {
      outcomes[position] = { ok: false, error: asError(error) };
    }
  };

  tasks.forEach((task, position) => {
    advance(task, position, () => task.next([]));
  });
  while (waiting.length > 0) {
    const round = waiting;
    waiting = [];
    try {
      const replies = await executeAll(
        connection,
        round.flatMap(({ entries }) => entries),
      );
      let from = 0;
      for (const { task, position, entries } of round) {
        const own = replies.slice(from, from + entries.length);
        from += entries.length;
        advance(task, position, () => task.next(own));
      }
    } catch (error) {
      for (const { task, position } of round) advance(task, position, () => task.throw(error));
    }
  }
  return outcomes;
}

/** Runs one task. @throws what the task throws. */
export async function runTask<T>(connection: Connection, task: PipelineTask<T>): Promise<T> {
  const [outcome] = await runTasks(connection, [task]);
  if (!outcome?.ok) throw outcome?.error;
  return outcome.value;
}

/** Sends one entry within a task. @throws the error that Redis answered. */
export function* send(wanted: PipelineEntry): PipelineTask<Reply> {
  const [reply] = yield [wanted];
  if (reply instanceof Error) throw reply;
  return reply as Reply;
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Tasks within a task, side by side. @throws what the first of them throws. */
export function* together<T>(tasks: readonly PipelineTask<T>[]): PipelineTask<T[]> {
  const results: T[] = [];
  let active = tasks.map((task, position) => ({ task, position, next: task.next([]) }));
  for (;;) {
    for (const { position, next } of active) if (next.done) results[position] = next.value;
    active = active.filter(({ next }) => !next.done);
    if (active.length === 0) return results;
    const replies = yield active.flatMap(({ next }) => next.value as readonly PipelineEntry[]);
    let from = 0;
    active = active.map(({ task, position, next }) => {
      const own = replies.slice(from, from + (next.value as readonly PipelineEntry[]).length);
      from += own.length;
      return { task, position, next: task.next(own) };
    });
  }
}

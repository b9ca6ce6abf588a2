import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { OperationError, type RedisStore } from "langgraph-redis";
import { expect } from "vitest";
import { config, id, list, put } from "../conformance/saver/steps.js";

/** Everything about step n of a thread follows from n, so that whatever is read can be checked. */
const messagesAt = (n: number) =>
  Array.from({ length: n }, (_, at) => `message ${at} ${"x".repeat((at * 37) % 200)}`);
const valuesAt = (n: number) => ({ messages: messagesAt(n), n });

/** Writes checkpoints and items, and remembers what was acknowledged. */
export class Ledger {
  /** The last step of each thread, and the last number of each item, that was acknowledged. */
  readonly steps = new Map<string, number>();
  readonly items = new Map<string, number>();
  /** What went wrong meanwhile; each time the same was done again. */
  readonly errors: Error[] = [];
  acknowledged = 0;
  #stopped = false;

  constructor(
    private readonly saver: BaseCheckpointSaver,
    private readonly store?: RedisStore,
  ) {}

  /** Goes on with a thread for so many steps, or until {@link stop}. */
  async writeThread(thread: string, count = Number.POSITIVE_INFINITY): Promise<void> {
    for (let done = 0; done < count && !this.#stopped; done++) {
      const n = (this.steps.get(thread) ?? 0) + 1;
      const parent = n === 1 ? undefined : id(n - 1);
      const versions = { messages: n, n };
      await this.#untilDone(() =>
        put(this.saver, thread, { id: id(n), parent, values: valuesAt(n), versions }),
      );
      this.steps.set(thread, n);
      await this.#untilDone(() =>
        this.saver.putWrites(config(thread, "", id(n)), [["n", n + 1]], `task-${n}`),
      );
    }
  }

  /** Writes one thread after another, until {@link stop}. */
  async writeThreads(name: string, stepsEach = 30): Promise<void> {
    for (let round = 0; !this.#stopped; round++) await this.writeThread(`${name}-${round}`, stepsEach);
  }

  /** Puts one item again and again, so many times, or until {@link stop}. */
  async writeItem(key: string, count = Number.POSITIVE_INFINITY): Promise<void> {
    for (let done = 0; done < count && !this.#stopped; done++) {
      const n = (this.items.get(key) ?? 0) + 1;
      await this.#untilDone(() => this.#openStore.put(["ledger"], key, { n, text: `number ${n}` }));
      this.items.set(key, n);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** All that was acknowledged is there, and nothing is there that was not written like that. */
  async verify(saver = this.saver, store = this.store): Promise<void> {
    for (const [thread, last] of this.steps) {
      const tuples = await list(saver, config(thread));
      const seen = new Set<string>();
      for (const { checkpoint, pendingWrites } of tuples) {
        const n = checkpoint.channel_values.n as number;
        expect(checkpoint.id).toBe(id(n));
        expect(checkpoint.channel_values).toEqual(valuesAt(n));
        if (n < last) expect(pendingWrites).toEqual([[`task-${n}`, "n", n + 1]]);
        seen.add(checkpoint.id);
      }
      for (let n = 1; n <= last; n++) expect(seen, `step ${n} of ${thread}`).toContain(id(n));
    }
    for (const [key, last] of this.items) {
      const value = (await store?.get(["ledger"], key))?.value;
      expect(value?.n).toBeGreaterThanOrEqual(last);
      expect(value).toEqual({ n: value?.n, text: `number ${value?.n}` });
    }
  }

  get #openStore(): RedisStore {
    if (!this.store) throw new Error("this ledger has no store");
    return this.store;
  }

  async #untilDone(operation: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await operation();
        this.acknowledged++;
        return;
      } catch (error) {
        this.errors.push(error as Error);
        if (this.#stopped || this.errors.length > 1_000) throw error;
      }
    }
  }
}

/** The error says which operation failed, and why. */
export async function expectFailure(
  operation: Promise<unknown>,
  ...says: (string | RegExp)[]
): Promise<OperationError> {
  const error = await operation.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(OperationError);
  for (const text of says) expect((error as Error).message).toMatch(text);
  return error as OperationError;
}

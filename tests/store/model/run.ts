import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { IndexMismatchError, VersionConflictError } from "../../../src/store/errors.js";
import { parseFilter } from "../../../src/store/filter/parse-filter.js";
import { holdAlways } from "../../../src/store/filter/predicate.js";
import type { RedisStore } from "../../../src/store/redis-store.js";
import type { RedisItem, StoreOperation } from "../../../src/store/types.js";
import type { Step, Turn } from "./arbitraries.js";
import { type ModelItem, named, Oracle, sorted, texts } from "./oracle.js";
import { Reads } from "./reads.js";
import type { Scene } from "./scene.js";

type Of<K extends Step["kind"]> = Extract<Step, { kind: K }>;

/** Clocks of the server and of this process may differ by so many milliseconds. */
const CLOCKS = 1_000;

/** Does a sequence on the stores and on the model, below a label of its own, and compares them after each step. */
export async function runSequence(scene: Scene, root: string, turns: readonly Turn[]): Promise<void> {
  const player = new Player(scene, root);
  for (const { by, step } of turns) await player.play(by, step);
  await player.end();
}

class Player {
  private readonly oracle = new Oracle();

  constructor(
    private readonly scene: Scene,
    private readonly root: string,
  ) {}

  async play(by: number, step: Step): Promise<void> {
    const store = this.store(by);
    switch (step.kind) {
      case "put":
        return this.put(store, step);
      case "delete":
        await store.delete(this.at(step.namespace), step.key);
        this.oracle.delete(this.at(step.namespace), step.key);
        return this.checkItem(step.namespace, step.key);
      case "get":
        return this.checkItem(step.namespace, step.key);
      case "lapse": {
        const namespace = this.at(step.namespace);
        await store.put(namespace, step.key, step.value, { ttl: 1 / 60_000 });
        await sleep(3);
        this.oracle.delete(namespace, step.key);
        return this.checkItem(step.namespace, step.key);
      }
      case "search":
        return this.reads(by).search(step);
      case "query":
        return this.reads(by).query(step);
      case "list":
        return this.reads(by).list(step);
      case "iterate":
        return this.reads(by).iterate(step);
      case "batch":
        return this.batch(store, step);
      case "deleteNamespace": {
        const path = this.at(step.path);
        expect(await store.deleteNamespace(path, { batchSize: 2 })).toBe(this.oracle.deleteUnder(path));
        return;
      }
      case "deleteWhere": {
        const { filter, batchSize } = step;
        const path = this.at(step.path);
        if (holdAlways(parseFilter(filter))) {
          await expect(store.deleteWhere(path, filter)).rejects.toThrow(/needs a filter/);
          return;
        }
        const deleted = await store.deleteWhere(path, filter, { batchSize });
        expect(deleted).toBe(this.oracle.deleteUnder(path, filter));
        return;
      }
      case "race":
        return this.race(step);
      case "reindex":
        return this.reindex(by, step);
    }
  }

  /** Compares everything, and leaves nothing behind. */
  async end(): Promise<void> {
    const { oracle, root } = this;
    const [first, second] = [this.store(0), this.store(1)];
    expect(named(await first.search([root], { limit: 1_000 }))).toEqual(named(oracle.under([root])));
    const namespaces = await second.listNamespaces({ prefix: [root], limit: 1_000 });
    expect(texts(namespaces)).toEqual(texts(oracle.namespaces()));
    expect(await second.deleteNamespace([root])).toBe(oracle.under([root]).length);
    expect(await first.search([root])).toEqual([]);
    expect(await first.listNamespaces({ prefix: [root] })).toEqual([]);
  }

  private at(namespace: readonly string[]): string[] {
    return [this.root, ...namespace];
  }

  private store(by: number, configuration = this.scene.serving): RedisStore {
    return this.scene.stores[configuration]?.[by] as RedisStore;
  }

  private reads(by: number): Reads {
    const { kind, models, serving } = this.scene;
    const at = (namespace: readonly string[]) => this.at(namespace);
    return new Reads(this.store(by), this.oracle, at, kind !== "without an index", models[serving]);
  }

  /** Of each client, as one may know what the other does not. */
  private async checkItem(namespace: readonly string[], key: string): Promise<void> {
    const expected = this.oracle.get(this.at(namespace), key);
    for (const by of [0, 1]) expectItem(await this.store(by).get(this.at(namespace), key), expected);
  }

  private async put(store: RedisStore, step: Of<"put">): Promise<void> {
    const { key, value, ttl, index, how } = step;
    const namespace = this.at(step.namespace);
    const present = await store.get(namespace, key);
    const condition =
      how === "ifAbsent"
        ? { ifAbsent: true }
        : how === "ifVersion"
          ? { ifVersion: present?.version ?? 7 }
          : {};
    const options = { ...condition, ...(ttl && { ttl }), ...(index !== undefined && { index }) };
    const from = Date.now();
    const holds = how === "ifAbsent" ? !present : how === "ifVersion" ? present !== null : true;
    if (!holds) {
      await expect(store.put(namespace, key, value, options)).rejects.toThrow(VersionConflictError);
    } else {
      let stored: RedisItem | undefined;
      if (how === "putItem") stored = await store.putItem(namespace, key, value, options);
      else await store.put(namespace, key, value, options);
      this.oracle.put({ namespace, key, value, index, expires: ttl && within(from, ttl) });
      if (stored) expect(await store.get(namespace, key)).toEqual(stored);
      if (present) expect((await store.get(namespace, key))?.version).toBeGreaterThan(present.version);
    }
    await this.checkItem(step.namespace, key);
  }

  private async batch(store: RedisStore, { steps }: Of<"batch">): Promise<void> {
    const operations = steps.map((step): StoreOperation => {
      if (step.kind === "search")
        return { namespacePrefix: this.at(step.path), filter: step.filter, limit: 1_000 };
      const item = { namespace: this.at(step.namespace), key: step.key };
      if (step.kind === "get") return item;
      if (step.kind === "delete") return { ...item, value: null };
      return {
        ...{ ...item, value: step.value },
        ...(step.ttl && { ttl: step.ttl }),
        ...(step.index !== undefined && { index: step.index }),
      };
    });
    const from = Date.now();
    const results = (await store.batch(operations)) as unknown[];
    steps.forEach((step, index) => {
      // Reads see what was there before the batch, which is what the model still holds.
      if (step.kind === "get") {
        expectItem(results[index] as RedisItem | null, this.oracle.get(this.at(step.namespace), step.key));
      } else if (step.kind === "search") {
        const expected = this.oracle.under(this.at(step.path), step.filter);
        expect(named(results[index] as ModelItem[])).toEqual(named(expected));
      } else {
        expect(results[index]).toBeUndefined();
      }
    });
    for (const step of steps) {
      if (step.kind !== "put" && step.kind !== "delete") continue;
      const [namespace, { key }] = [this.at(step.namespace), step];
      if (step.kind === "delete") this.oracle.delete(namespace, key);
      else {
        const { value, index, ttl } = step;
        this.oracle.put({ namespace, key, value, index, expires: ttl && within(from, ttl) });
      }
    }
  }

  /** There must be an order in which the writes, one after the other, come to the same. */
  private async race({ namespace, key, writes, ifAbsent }: Of<"race">): Promise<void> {
    const before = this.oracle.get(this.at(namespace), key);
    const outcomes = await Promise.all(
      writes.map(async (value, at) => {
        const operation = { namespace: this.at(namespace), key, value };
        const conditional = ifAbsent && value !== null ? { ...operation, ifAbsent } : operation;
        return this.store(at % 2)
          .batch([conditional])
          .then(
            () => true,
            (error: unknown) => {
              expect(error).toBeInstanceOf(VersionConflictError);
              return false;
            },
          );
      }),
    );
    const item = await this.store(0).get(this.at(namespace), key);
    const explains = permutations([...writes.keys()]).some((order) => {
      let held = before?.value as ModelItem["value"] | null | undefined;
      for (const at of order) {
        const value = writes[at];
        const isDone = value === null || !ifAbsent || held == null;
        if (isDone !== outcomes[at]) return false;
        if (isDone) held = value;
      }
      return JSON.stringify(sorted(held ?? null)) === JSON.stringify(sorted(item?.value ?? null));
    });
    expect(explains, `no order explains ${JSON.stringify([outcomes, item?.value ?? null])}`).toBe(true);
    if (!item) this.oracle.delete(this.at(namespace), key);
    else if (outcomes.some((isDone, at) => isDone && writes[at] !== null)) {
      this.oracle.put({ namespace: this.at(namespace), key, value: item.value });
    }
    await this.checkItem(namespace, key);
  }

  /** From then on stores of the other configuration are refused, without anything being written. */
  private async reindex(by: number, { to, batchSize }: Of<"reindex">): Promise<void> {
    const { scene } = this;
    const next = to % scene.stores.length;
    await this.store(by, next).reindex({ batchSize });
    const others = scene.stores.flatMap((stores, at) => (at === next ? [] : stores));
    scene.serving = next;
    for (const other of others) {
      await expect(other.put(this.at(["refused"]), "k", { title: "red" })).rejects.toThrow(
        IndexMismatchError,
      );
      await expect(other.search([this.root], { query: "red" })).rejects.toThrow(IndexMismatchError);
    }
    await this.checkItem(["refused"], "k");
  }
}

function expectItem(item: RedisItem | null, expected: ModelItem | undefined): void {
  if (!expected) {
    expect(item).toBeNull();
    return;
  }
  const { namespace, key, value, expires } = expected;
  expect(item && { namespace: item.namespace, key: item.key, value: item.value }).toEqual({
    namespace,
    key,
    value,
  });
  const time = item?.expiresAt?.getTime();
  if (!expires) expect(time).toBeUndefined();
  else expect(time).toSatisfy((at: number) => at >= expires[0] && at <= expires[1]);
}

/** When what is put with a time to live expires: it was put after a moment, and before now. */
function within(from: number, minutes: number): [number, number] {
  return [from + minutes * 60_000 - CLOCKS, Date.now() + minutes * 60_000 + CLOCKS];
}

function permutations<T>(of: readonly T[]): T[][] {
  if (of.length === 0) return [[]];
  return of.flatMap((first, at) =>
    permutations(of.filter((_, other) => other !== at)).map((rest) => [first, ...rest]),
  );
}

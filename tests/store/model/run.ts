import type { BaseStore, Operation } from "@langchain/langgraph-checkpoint";
import { expect } from "vitest";
import { cosine, type FakeEmbeddings } from "../fake-embeddings.js";
import type { Step } from "./arbitraries.js";
import { type ModelItem, Oracle } from "./oracle.js";

/** Does a sequence on a store and on the model, below a label of its own, and compares them after each step. */
export async function runSequence(
  store: BaseStore,
  root: string,
  steps: readonly Step[],
  model: FakeEmbeddings | undefined,
): Promise<void> {
  const oracle = new Oracle();
  const at = (namespace: readonly string[]) => [root, ...namespace];
  for (const step of steps) {
    switch (step.kind) {
      case "put":
        await store.put(at(step.namespace), step.key, step.value);
        oracle.put(at(step.namespace), step.key, step.value);
        await checkItem(store, oracle, at(step.namespace), step.key);
        break;
      case "delete":
        await store.delete(at(step.namespace), step.key);
        oracle.delete(at(step.namespace), step.key);
        await checkItem(store, oracle, at(step.namespace), step.key);
        break;
      case "get":
        await checkItem(store, oracle, at(step.namespace), step.key);
        break;
      case "search": {
        const { filter, offset, limit } = step;
        const all = await store.search(at(step.path), { filter, limit: 1_000 });
        expect(named(all)).toEqual(named(oracle.under(at(step.path), filter)));
        const times = all.map(({ updatedAt }) => updatedAt.getTime());
        expect(times).toEqual([...times].sort((a, b) => b - a));
        const page = await store.search(at(step.path), { filter, offset, limit });
        expect(page).toEqual(all.slice(offset, offset + limit));
        break;
      }
      case "query":
        if (model) await checkQuery(store, oracle, at(step.path), step.filter, step.text, model);
        break;
      case "list": {
        const { prefix, suffix, maxDepth } = step;
        const listed = await store.listNamespaces({
          prefix: at(prefix ?? []),
          suffix,
          maxDepth: maxDepth && maxDepth + 1,
          limit: 1_000,
        });
        const expected = oracle
          .namespaces()
          .filter(
            (each) =>
              fits(each, at(prefix ?? []), 0) &&
              fits(each, suffix ?? [], each.length - (suffix?.length ?? 0)),
          )
          .map((each) => (maxDepth ? each.slice(0, maxDepth + 1) : each));
        expect(texts(listed)).toEqual([...new Set(texts(expected))]);
        break;
      }
      case "batch":
        await checkBatch(store, oracle, step.steps, at);
    }
  }
  expect(named(await store.search([root], { limit: 1_000 }))).toEqual(named(oracle.under([root])));
  expect(texts(await store.listNamespaces({ prefix: [root], limit: 1_000 }))).toEqual(
    texts(oracle.namespaces()),
  );
}

async function checkItem(store: BaseStore, oracle: Oracle, namespace: string[], key: string): Promise<void> {
  const expected = oracle.get(namespace, key);
  const item = await store.get(namespace, key);
  expect(item && { namespace: item.namespace, key: item.key, value: item.value }).toEqual(expected ?? null);
}

async function checkQuery(
  store: BaseStore,
  oracle: Oracle,
  path: string[],
  filter: Record<string, unknown>,
  query: string,
  model: FakeEmbeddings,
): Promise<void> {
  const expected = oracle.under(path, filter).flatMap((item) => {
    const scores = textsOf(item).map((text) => cosine(model.vector(text), model.vector(query)));
    return scores.length === 0 ? [] : [{ ...item, score: Math.max(...scores) }];
  });
  const found = await store.search(path, { query, filter, limit: 1_000 });
  expect(named(found)).toEqual(named(expected));
  const scores = found.map(({ score }) => score as number);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  for (const { namespace, key, score } of expected) {
    const same = found.find(
      (item) => JSON.stringify([item.namespace, item.key]) === JSON.stringify([namespace, key]),
    );
    expect(same?.score).toBeCloseTo(score, 4);
  }
}

/** The texts that the stores under test embed: see {@link EMBEDDED_FIELDS}. */
function textsOf({ value }: ModelItem): string[] {
  const { title, chapters = [] } = value as { title?: string; chapters?: string[] };
  return [...(title === undefined ? [] : [title]), ...chapters];
}

export const EMBEDDED_FIELDS = ["title", "chapters[*]"];

async function checkBatch(
  store: BaseStore,
  oracle: Oracle,
  steps: Extract<Step, { kind: "batch" }>["steps"],
  at: (namespace: readonly string[]) => string[],
): Promise<void> {
  const operations = steps.map((step): Operation => {
    if (step.kind === "search") return { namespacePrefix: at(step.path), filter: step.filter, limit: 1_000 };
    const item = { namespace: at(step.namespace), key: step.key };
    return step.kind === "get" ? item : { ...item, value: step.kind === "put" ? step.value : null };
  });
  const results = (await store.batch(operations)) as unknown[];
  steps.forEach((step, index) => {
    // Reads see what was there before the batch, which is what the model still holds.
    if (step.kind === "get") {
      const expected = oracle.get(at(step.namespace), step.key);
      if (expected) expect(results[index]).toMatchObject({ ...expected });
      else expect(results[index]).toBeNull();
    } else if (step.kind === "search") {
      expect(named(results[index] as ModelItem[])).toEqual(named(oracle.under(at(step.path), step.filter)));
    } else {
      expect(results[index]).toBeUndefined();
    }
  });
  for (const step of steps) {
    if (step.kind === "put") oracle.put(at(step.namespace), step.key, step.value);
    if (step.kind === "delete") oracle.delete(at(step.namespace), step.key);
  }
}

function fits(namespace: string[], pattern: readonly string[], from: number): boolean {
  return (
    from >= 0 &&
    pattern.every((label, index) =>
      label === "*" ? from + index < namespace.length : label === namespace[from + index],
    )
  );
}

/** Items as comparable texts, in an order of their own. */
function named(items: readonly ModelItem[]): string[] {
  return items.map(({ namespace, key, value }) => JSON.stringify([namespace, key, sorted(value)])).sort();
}

function texts(namespaces: readonly string[][]): string[] {
  return namespaces.map((each) => JSON.stringify(each)).sort();
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.entries(value)
    .map(([name, each]) => [name, sorted(each)])
    .sort();
}

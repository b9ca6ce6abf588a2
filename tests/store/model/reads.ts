import { expect } from "vitest";
import { encodeKeyPart } from "../../../src/redis/key-encoding.js";
import { encodeNamespace, toRegistryMember } from "../../../src/store/namespaces/encoding.js";
import type { RedisStore } from "../../../src/store/redis-store.js";
import type { RedisItem } from "../../../src/store/types.js";
import { cosine, type FakeEmbeddings } from "../fake-embeddings.js";
import type { Step } from "./arbitraries.js";
import { type ModelItem, named, type Oracle, texts } from "./oracle.js";

type Of<K extends Step["kind"]> = Extract<Step, { kind: K }>;
type Names = Pick<RedisItem, "namespace" | "key">;

/** Compares what one client reads of many items with the oracle. */
export class Reads {
  constructor(
    private readonly store: RedisStore,
    private readonly oracle: Oracle,
    private readonly at: (namespace: readonly string[]) => string[],
    /** Whether there are words, and by what texts are embedded, if they are. */
    private readonly hasIndex: boolean,
    private readonly model: FakeEmbeddings | undefined,
  ) {}

  async search({ path, filter, orderBy, order, size }: Of<"search">): Promise<void> {
    const options = { filter, ...(orderBy && { orderBy }), ...(order && { order }) };
    const all = await this.store.search(this.at(path), { ...options, limit: 1_000 });
    expect(named(all)).toEqual(named(this.oracle.under(this.at(path), filter)));
    const by = orderBy ?? "updatedAt";
    const sorted = [...all].sort((a, b) => {
      const later = by === "key" ? 0 : b[by].getTime() - a[by].getTime();
      const [one, other] = [encodeNamespace(a.namespace), encodeNamespace(b.namespace)];
      return later || compare(encodeKeyPart(a.key), encodeKeyPart(b.key)) || compare(one, other);
    });
    const isReversed = (order ?? (by === "key" ? "asc" : "desc")) === (by === "key" ? "desc" : "asc");
    expect(all.map(idOf)).toEqual((isReversed ? sorted.reverse() : sorted).map(idOf));
    await checkPages(all, size, (page) => this.store.search(this.at(path), { ...options, ...page }));
  }

  /** All items under a path, and those behind one of them. */
  async iterate({ path, filter, size }: Of<"iterate">): Promise<void> {
    const read = async (after?: RedisItem) => {
      const items: RedisItem[] = [];
      const options = { filter, batchSize: size, ...(after && { after }) };
      for await (const item of this.store.iterate(this.at(path), options)) items.push(item);
      return items;
    };
    const all = await read();
    expect(named(all)).toEqual(named(this.oracle.under(this.at(path), filter)));
    const sorted = [...all].sort(
      (a, b) => compareNamespaces(a, b) || compare(encodeKeyPart(a.key), encodeKeyPart(b.key)),
    );
    expect(all).toEqual(sorted);
    const last = all[size - 1];
    if (last) expect(await read(last)).toEqual(all.slice(size));
  }

  async query(step: Of<"query">): Promise<void> {
    const model = this.model;
    if (!this.hasIndex || (!model && step.mode !== "text")) return;
    const { filter, text: query, size } = step;
    const mode = step.mode as "vector" | "text" | "hybrid";
    const path = this.at(step.path);
    const items = this.oracle.under(path, filter);
    const words = query.split(" ");
    const similar = new Map<string, number>();
    for (const item of model && mode !== "text" ? items : []) {
      const scores = embeddedTexts(item).map((text) => cosineOf(model as FakeEmbeddings, text, query));
      if (scores.length > 0) similar.set(idOf(item), Math.max(...scores));
    }
    const worded = items.filter((item) =>
      textsOf(item).some((text) => text.split(" ").some((word) => words.includes(word))),
    );
    const expected = items.filter(
      (item) => similar.has(idOf(item)) || (mode !== "vector" && worded.includes(item)),
    );
    const found = await this.store.search(path, { query, filter, mode, limit: 1_000 });
    expect(named(found)).toEqual(named(expected));
    const scores = found.map(({ score }) => score as number);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    if (mode === "vector") {
      for (const item of found) expect(item.score).toBeCloseTo(similar.get(idOf(item)) as number, 4);
    }
    await checkPages(found, size, (page) => this.store.search(path, { query, filter, mode, ...page }));
  }

  async list({ prefix = [], suffix, maxDepth, size }: Of<"list">): Promise<void> {
    const options = { prefix: this.at(prefix), suffix, maxDepth: maxDepth && maxDepth + 1 };
    const listed = await this.store.listNamespaces({ ...options, limit: 1_000 });
    const expected = this.oracle
      .namespaces()
      .filter(
        (each) =>
          fits(each, this.at(prefix), 0) && fits(each, suffix ?? [], each.length - (suffix?.length ?? 0)),
      )
      .map((each) => (maxDepth ? each.slice(0, maxDepth + 1) : each));
    expect(texts(listed)).toEqual([...new Set(texts(expected))]);
    await checkPages(listed, size, (page) => this.store.listNamespaces({ ...options, ...page }));
  }
}

/** Pages follow one another without gaps or repeats. */
async function checkPages<T>(
  all: readonly T[],
  size: number,
  read: (page: { offset: number; limit: number }) => Promise<T[]>,
): Promise<void> {
  for (const offset of [0, size, 2 * size]) {
    if (offset > 0 && offset > all.length) return;
    expect(await read({ offset, limit: size })).toEqual(all.slice(offset, offset + size));
  }
}

const idOf = ({ namespace, key }: Names) => JSON.stringify([namespace, key]);

/** The texts whose words are indexed: see {@link FIELDS}. */
function textsOf({ value }: ModelItem): string[] {
  const { title, chapters = [] } = value as { title?: string; chapters?: string[] };
  return [...(title === undefined ? [] : [title]), ...chapters];
}

function embeddedTexts(item: ModelItem): string[] {
  if (item.index === false) return [];
  return item.index ? textsOf({ ...item, value: { ...item.value, chapters: [] } }) : textsOf(item);
}

const cosines = new Map<string, number>();

function cosineOf(model: FakeEmbeddings, a: string, b: string): number {
  const key = `${model.dims} ${a}\n${b}`;
  const known = cosines.get(key) ?? cosine(model.vector(a), model.vector(b));
  cosines.set(key, known);
  return known;
}

function fits(namespace: string[], pattern: readonly string[], from: number): boolean {
  return (
    from >= 0 &&
    pattern.every((label, index) =>
      label === "*" ? from + index < namespace.length : label === namespace[from + index],
    )
  );
}

function compareNamespaces(a: Names, b: Names): number {
  return compare(toRegistryMember(a.namespace), toRegistryMember(b.namespace));
}

/** Names are ASCII: their order is that of their bytes. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

import type { CheckpointListOptions } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { config, id, list, put } from "../conformance/saver/steps.js";
import { PAGE_SIZES, pagesOf, savers } from "./helpers.js";

/** The n-th checkpoint of a thread: three namespaces have each id, so that pages end between equal ids. */
const NAMESPACES = ["", "a", "b"];
const checkpoint = (n: number) => ({ id: id(n), ns: NAMESPACES[n % 3] as string, at: Math.floor(n / 3) });
type Listed = ReturnType<typeof checkpoint>;

/** All that a thread's checkpoints are listed by, as `name: options`. */
function* queries(count: number): Generator<{ ns?: string; options: CheckpointListOptions }> {
  const befores = [undefined, ...Array.from({ length: Math.ceil(count / 3) + 1 }, (_, n) => id(n))];
  const limits = [undefined, ...Array.from({ length: count + 2 }, (_, n) => n)];
  for (const ns of [undefined, "", "b"]) {
    for (const filter of [undefined, { even: true }]) {
      for (const before of befores) {
        for (const limit of limits) {
          yield {
            ns,
            options: { limit, filter, before: before === undefined ? undefined : config("t", "", before) },
          };
        }
      }
    }
  }
}

function expected(
  stored: readonly Listed[],
  { ns, options }: { ns?: string; options: CheckpointListOptions },
): string[] {
  const before = options.before?.configurable?.checkpoint_id;
  return stored
    .filter((each) => ns === undefined || each.ns === ns)
    .filter((each) => before === undefined || id(each.at) < before)
    .filter((_, n, all) => !options.filter || stored.indexOf(all[n] as Listed) % 2 === 0)
    .sort((a, b) => b.at - a.at || NAMESPACES.indexOf(a.ns) - NAMESPACES.indexOf(b.ns))
    .slice(0, options.limit)
    .map((each) => `${each.ns}:${each.at}`);
}

test.each(PAGE_SIZES)("list returns what an oracle does, in pages of %s", async (size) => {
  const { saver } = await savers(pagesOf(size));
  const reader = saver();
  const stored: Listed[] = [];
  for (let count = 0; count <= 7; count++) {
    for (const query of queries(count)) {
      const at = { configurable: { thread_id: "t", checkpoint_ns: query.ns } };
      const found = (await list(reader, at, query.options)).map(
        ({ config: { configurable }, checkpoint: { channel_values } }) =>
          `${configurable?.checkpoint_ns}:${channel_values.at}`,
      );
      expect(found, JSON.stringify({ count, ...query })).toEqual(expected(stored, query));
    }
    const next = checkpoint(count);
    const values = { at: next.at };
    await put(saver(), "t", { id: id(next.at), values, metadata: { even: count % 2 === 0 } }, next.ns);
    stored.push(next);
  }
});

test("list returns equal ids of several namespaces whose page ends between them", async () => {
  const { saver } = await savers();
  const writer = saver();
  for (let n = 0; n < 40; n++) {
    for (const ns of NAMESPACES) await put(writer, "t", { id: id(n) }, ns);
  }
  const found = await list(saver(), { configurable: { thread_id: "t" } });
  expect(
    found.map(({ config: { configurable } }) => [configurable?.checkpoint_id, configurable?.checkpoint_ns]),
  ).toEqual(Array.from({ length: 120 }, (_, n) => [id(39 - Math.floor(n / 3)), NAMESPACES[n % 3]]));
});

test.each(PAGE_SIZES)("list without a thread returns each thread whole, in pages of %s", async (size) => {
  const { saver } = await savers(pagesOf(size));
  const writer = saver();
  for (let count = 0; count <= 4; count++) {
    const found = await list(saver(), {});
    expect(found.map(({ config: { configurable } }) => configurable?.thread_id).sort()).toEqual(
      Array.from({ length: count }, (_, n) => Array.from({ length: n }, () => `t${n}`)).flat(),
    );
    for (let n = 0; n < count; n++) await put(writer, `t${count}`, { id: id(n) });
  }
});

test("list of an id with before returns it only when it is before that, not when they are equal", async () => {
  const { saver } = await savers();
  for (const ns of NAMESPACES) await put(saver(), "t", { id: id(5) }, ns);
  for (const [before, isListed] of [
    [id(4), false],
    [id(5), false],
    [`${id(5)}0`, true],
  ] as const) {
    const options = { before: config("t", "", before) };
    const anywhere = { configurable: { thread_id: "t", checkpoint_id: id(5) } };
    expect(await list(saver(), anywhere, options)).toHaveLength(isListed ? 3 : 0);
    expect(await list(saver(), config("t", "a", id(5)), options)).toHaveLength(isListed ? 1 : 0);
  }
});

import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { config, id, list, put, values } from "../conformance/saver/steps.js";
import { big, entry, rawHash, savers } from "./helpers.js";

for (const [name, last] of Object.entries({ "one more": entry(4), "one that ends the run": big(4) })) {
  test(`put appends ${name} to a list whose thread another client has deleted and written anew in the same length`, async () => {
    const { saver } = await savers();
    const [a, b] = [saver(), saver()];
    const write = async (by: BaseCheckpointSaver, n: number, l: unknown[]) =>
      put(by, "t", { id: id(n), parent: n > 1 ? id(n - 1) : undefined, values: { l }, versions: { l: n } });
    await write(a, 1, [entry(1)]);
    await write(a, 2, [entry(1), entry(2)]);
    await b.deleteThread("t");
    await write(b, 1, [entry(1)]);
    await write(b, 2, [entry(1), entry(3)]);
    await write(a, 3, [entry(1), entry(2), last]);
    expect(await values(b, config("t"))).toEqual({ l: [entry(1), entry(2), last] });
    expect(await values(b, config("t", "", id(2)))).toEqual({ l: [entry(1), entry(3)] });
  });
}

test("put stores an unchanged list again when another client has deleted the thread and stored only its beginning", async () => {
  const { saver } = await savers();
  const [a, b] = [saver(), saver()];
  await put(a, "t", { id: id(1), values: { l: [entry(1)] }, versions: { l: 1 } });
  await put(a, "t", { id: id(2), parent: id(1), values: { l: [entry(1), entry(2)] }, versions: { l: 2 } });
  await b.deleteThread("t");
  await b.putWrites(config("t", "", id(9)), [["l", entry(1)]], "task");
  await put(a, "t", {
    ...{ id: id(3), parent: id(2), values: { l: [entry(1), entry(2)] }, versions: { l: 2 } },
    changed: [],
  });
  expect(await values(b, config("t"))).toEqual({ l: [entry(1), entry(2)] });
});

test("put stores a whole list again when another client has deleted the thread", async () => {
  const { saver } = await savers();
  const [a, b] = [saver(), saver()];
  const l = Array.from({ length: 200 }, (_, n) => (n % 9 === 0 ? big(n) : entry(n)));
  await put(a, "t", { id: id(1), values: { l, m: "kept ".repeat(50) }, versions: { l: 1, m: 1 } });
  await b.deleteThread("t");
  const next = [...l, entry(1_000)];
  await put(a, "t", {
    id: id(2),
    parent: id(1),
    values: { l: next, m: "kept ".repeat(50) },
    versions: { l: 2, m: 1 },
    changed: ["l"],
  });
  expect(await values(b, config("t"))).toEqual({ l: next, m: "kept ".repeat(50) });
});

test("put keeps forks apart that append to one list at the same time, from several clients", async () => {
  const { saver } = await savers();
  const clients = [saver(), saver(), saver({ trackChanges: false })];
  await put(saver(), "t", { id: id(0), values: { l: [entry(0)] }, versions: { l: 1 } });
  for (const each of clients) await values(each, config("t"));
  const lists = clients.map(() => [entry(0)]);
  const parents = clients.map(() => id(0));
  for (let step = 1; step <= 25; step++) {
    await Promise.all(
      clients.map(async (each, n) => {
        lists[n]?.push(step % 8 === 0 ? big(n) : entry(step * 10 + n));
        const own = id(step * 10 + n);
        await put(each, "t", {
          id: own,
          parent: parents[n],
          values: { l: [...(lists[n] ?? [])] },
          versions: { l: step + 1 },
        });
        parents[n] = own;
      }),
    );
  }
  for (const each of [...clients, saver()]) {
    for (const [n, parent] of parents.entries()) {
      expect(await values(each, config("t", "", parent))).toEqual({ l: lists[n] });
    }
  }
  const steps = (await list(saver(), config("t"))).map(
    ({ checkpoint }) => checkpoint.channel_values.l as unknown[],
  );
  expect(steps).toHaveLength(76);
  expect(
    steps.every(
      (l) =>
        JSON.stringify(l) ===
        JSON.stringify(
          lists
            .find((own) => JSON.stringify(own.slice(0, l.length)) === JSON.stringify(l))
            ?.slice(0, l.length),
        ),
    ),
  ).toBe(true);
});

test("put of a list's beginning by a client that knows nothing leaves what another client has appended", async () => {
  const { saver } = await savers();
  const a = saver();
  await put(a, "t", { id: id(1), values: { l: [entry(1)] } });
  await put(a, "t", { id: id(2), parent: id(1), values: { l: [entry(1), entry(2)] }, versions: { l: 2 } });
  await put(saver(), "t", { id: id(3), values: { l: [entry(1)] } });
  await saver().putWrites(config("t", "", id(3)), [["l", [entry(1)]]], "task");
  for (const [n, l] of [[entry(1)], [entry(1), entry(2)], [entry(1)]].entries()) {
    expect(await values(saver(), config("t", "", id(n + 1)))).toEqual({ l });
  }
  expect((await saver().getTuple(config("t")))?.pendingWrites).toEqual([["task", "l", [entry(1)]]]);
});

test("put appends nothing to a tail that another client has sealed, also where an alias is as long as the tail was", async () => {
  const { client, saver, key } = await savers({ compression: false });
  const [a, b, reader] = [saver(), saver(), saver()];
  const text = "x".repeat(18);
  const write = (by: BaseCheckpointSaver, n: number, parent: number | undefined, l: unknown[]) =>
    put(by, "t", {
      ...{ id: id(n), parent: parent === undefined ? undefined : id(parent) },
      ...{ values: { l }, versions: { l: n } },
    });
  await write(a, 1, undefined, [big(1), text]);
  const lengths = async () =>
    [...(await rawHash(client, key("chunks"))).values()].map((chunk) => chunk.length);
  // A sign and the name of a segment: the length of every alias.
  expect(await lengths()).toContain(21);
  expect(await values(b, config("t"))).toEqual({ l: [big(1), text] });
  await write(b, 2, 1, [big(1), text, big(2)]);
  await write(a, 3, 1, [big(1), text, "y"]);
  for (const [n, l] of Object.entries({
    1: [big(1), text],
    2: [big(1), text, big(2)],
    3: [big(1), text, "y"],
  }))
    expect(await values(reader, config("t", "", id(Number(n))))).toEqual({ l });
});

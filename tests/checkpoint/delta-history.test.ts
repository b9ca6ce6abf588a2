import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { config, id, put } from "../conformance/saver/steps.js";
import { PAGE_SIZES, pagesOf, savers } from "./helpers.js";

/** What a checkpoint adds to a channel: now a chunk of its own, now a part of the pending write. */
const entry = (channel: string, n: number) => `${channel}${n} `.repeat(n % 3 === 0 ? 300 : 1);

test.each(PAGE_SIZES)("getDeltaChannelHistory returns what an oracle does, in pages of %s", async (size) => {
  const { saver } = await savers(pagesOf(size));
  // For each pair of places where the two channels were stored last, -1 for never.
  for (let count = 0; count <= 7; count++) {
    for (const [a, b] of [
      [-1, -1],
      [0, count - 1],
      [count - 2, 1],
      [count >> 1, -1],
    ] as [number, number][]) {
      const thread = `${count} ${a} ${b}`;
      const writer = saver();
      for (let n = 0; n <= count; n++) {
        const values: Record<string, unknown> = {};
        if (n === a) values.a = new DeltaSnapshot([`a before ${n}`]);
        if (n === b) values.b = new DeltaSnapshot([`b before ${n}`]);
        const metadata = { counters_since_delta_snapshot: { a: [1, 1], b: [1, 1] } };
        const versions = { a: n + 1, b: n + 1 };
        const parent = n === 0 ? undefined : id(n - 1);
        const at = await put(writer, thread, { id: id(n), parent, values, versions, metadata });
        await writer.putWrites(at, [["a", entry("a", n)]], "task");
        if (n % 2 === 0) await writer.putWrites(at, [["b", entry("b", n)]], "task b");
      }
      const channels = ["a", "b"];
      for (const at of [config(thread, "", id(count)), config(thread)]) {
        const history = await saver().getDeltaChannelHistory({ config: at, channels });
        const since = (from: number, step: number, name: string) =>
          Array.from({ length: count }, (_, n) => n)
            .filter((n) => n >= from && n % step === 0)
            .map((n) => [step === 1 ? "task" : "task b", name, entry(name, n)]);
        const seed = (from: number, name: string) =>
          from >= 0 && from < count ? { seed: new DeltaSnapshot([`${name} before ${from}`]) } : {};
        expect(history, thread).toEqual({
          a: { writes: since(a < count ? a : -1, 1, "a"), ...seed(a, "a") },
          b: { writes: since(b < count ? b : -1, 2, "b"), ...seed(b, "b") },
        });
      }
    }
  }
});

test("getDeltaChannelHistory returns the writes of more ancestors than one page has", async () => {
  const { saver } = await savers();
  const writer = saver();
  const count = 1_010;
  const metadata = { counters_since_delta_snapshot: { log: [1, 1] } };
  for (let n = 0; n <= count; n++) {
    const parent = n === 0 ? undefined : id(n - 1);
    const versions = { log: n + 1 };
    const [at] = await Promise.all([
      put(writer, "t", { id: id(n), parent, values: {}, versions, metadata }),
      writer.putWrites(config("t", "", id(n)), [["log", n]], "task"),
    ]);
    if (n < count) continue;
    const history = await saver().getDeltaChannelHistory({ config: at, channels: ["log"] });
    expect(history.log?.writes.map(([, , value]) => value)).toEqual(
      Array.from({ length: count }, (_, each) => each),
    );
  }
});

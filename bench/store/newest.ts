import { RedisStore } from "langgraph-redis";
import { percentile, ratio, type Times, timeInTurns } from "../measure.js";
import type { Part } from "../part.js";
import { milliseconds, table, times } from "../report.js";
import { type Bench, withServer } from "../server.js";

const SMALL = 2_000;
const LARGE = 200_000;

/** How the items of a scope are spread. */
const SPREADS = [
  { name: "in one namespace", of: () => ["all"] },
  { name: "in 1,000 namespaces", of: (at: number) => ["many", String(at % 1_000)] },
] as const;

interface Newest {
  name: string;
  small: Times;
  large: Times;
}

/** The newest ten items of a scope, of a small one and of a large one. */
export const newest: Part = {
  name: "newest",
  async measure() {
    const measured = await withServer(measureNewest, { search: true });
    return {
      goals: measured.map(({ name, small, large }) => ({
        what: `the newest ten of ${LARGE.toLocaleString("en")} items ${name} ÷ of ${SMALL.toLocaleString("en")}`,
        measured: ratio(large, small),
        bound: { atMost: 3 },
        show: times,
      })),
      section: report(measured),
    };
  },
};

async function measureNewest({ client, keyPrefix }: Bench): Promise<Newest[]> {
  const stores = [];
  for (const size of [SMALL, LARGE]) {
    const store = new RedisStore({ client, keyPrefix: `${keyPrefix}-${size}` });
    for (const { of } of SPREADS) {
      for (let from = 0; from < size; from += 1_000) {
        await store.batch(
          Array.from({ length: Math.min(1_000, size - from) }, (_, at) => ({
            namespace: [...of(from + at)],
            key: `item ${from + at}`,
            value: { rank: from + at },
          })),
        );
      }
    }
    stores.push(store);
  }
  const [small, large] = stores as [RedisStore, RedisStore];
  const measured: Newest[] = [];
  for (const { name, of } of SPREADS) {
    const scope = [of(0)[0] as string];
    const timed = await timeInTurns(
      { small: () => small.search(scope), large: () => large.search(scope) },
      200,
    );
    measured.push({ name, ...timed });
  }
  return measured;
}

function report(measured: readonly Newest[]): string {
  const both = (timed: Times) => [50, 99].map((p) => milliseconds(percentile(timed, p))).join(" / ");
  return [
    "## The newest items",
    "`store.search(path)`, ten results, with a search engine. Milliseconds, p50 / p99.",
    table([
      ["items", `of ${SMALL.toLocaleString("en")}`, `of ${LARGE.toLocaleString("en")}`],
      ...measured.map(({ name, small, large }) => [name, both(small), both(large)]),
    ]),
  ].join("\n\n");
}

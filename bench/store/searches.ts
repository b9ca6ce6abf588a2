import { drawChart } from "../chart.js";
import { percentile, ratio, type Times, timeInTurns } from "../measure.js";
import type { Part } from "../part.js";
import { milliseconds, table } from "../report.js";
import { type BenchClient, withServer } from "../server.js";
import { fillStore, SCOPES } from "./data.js";
import { exactNeighbours, recallOf, shown } from "./recall.js";
import { SIZES, type Vectors, wordVectors } from "./vectors.js";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 1_000);
const IN_FLIGHT = 16;

interface Measured {
  name: string;
  ours: Times;
  raw: Times;
  /** Queries per second with several in flight. */
  throughput: { ours: number; raw: number };
  recall: number | undefined;
}

/** What the throughput of a search in the whole store is at least, as a part of the bare command's, by its size. */
const GOALS: Readonly<Record<number, number>> = { 1000: 0.8, 10000: 0.85, 50000: 0.9 };

/** Searches by vector, against the very commands that they send. */
export const searches: Part = {
  name: "searches",
  async measure() {
    const words = await wordVectors();
    const sizes: SearchesAtSize[] = [];
    await withServer(
      async ({ client }) => {
        for (const size of SIZES) sizes.push(await measureSearches(client, words, size));
      },
      { search: true },
    );
    return {
      goals: sizes.map(({ size, measured: [whole] }) => {
        const { ours, raw } = (whole as Measured).throughput;
        return {
          what: `throughput of a search by vector ÷ that of the same FT.SEARCH, ${size.toLocaleString("en")} items`,
          measured: ours / raw,
          bound: { atLeast: GOALS[size] ?? 0 },
          show: (value) => value.toFixed(2),
        };
      }),
      section: `Vectors: ${words.origin}.\n\n${report(sizes)}`,
      files: { "store-search.svg": chart(sizes) },
    };
  },
};

interface SearchesAtSize {
  size: number;
  measured: Measured[];
}

/** Times searches of the store, and in turns with each the very command that it sent. */
async function measureSearches(client: BenchClient, vectors: Vectors, size: number): Promise<SearchesAtSize> {
  const { store, clear } = await fillStore(client, vectors, size);
  const measured: Measured[] = [];
  const kinds = [
    ...SCOPES.filter(({ path }) => path.length < 2 || size > 1_000).map(({ name, path }) => ({
      name,
      path,
      filter: {},
    })),
    { name: "large namespace, filter on a fifth", path: ["words"], filter: { kind: "kind 1" } },
  ];
  for (const { name, path, filter } of kinds) {
    const search = (query: string) => store.search([...path], { query, filter });
    const commands: string[][] = [];
    for (const query of vectors.queries) {
      await store.search([...path], {
        query,
        filter,
        explain: ({ index, query, params }) => commands.push(rawOf(index, query, params)),
      });
    }
    const raw = (at: number) => client.sendCommand(commands[at % commands.length] as string[]);
    const queryAt = (at: number) => vectors.queries[at % vectors.queries.length] as string;
    let ours = 0;
    // Half a turn apart: whoever asks the same a moment later finds it in the server's processor cache.
    let theirs = vectors.queries.length >> 1;
    const times = await timeInTurns(
      { ours: () => search(queryAt(ours++)), raw: () => raw(theirs++) },
      ROUNDS,
    );
    const found = await Promise.all(vectors.queries.map(search));
    measured.push({
      name,
      ...times,
      throughput: await throughputs((at) => search(queryAt(at)), raw),
      recall:
        Object.keys(filter).length > 0
          ? undefined
          : recallOf(found, exactNeighbours(vectors, size, [...path])),
    });
  }
  await clear();
  return { size, measured };
}

/** How many neighbours are asked for. */
const NEIGHBOURS = "10";

/** The command as a user would have sent it, without the store: for ten neighbours, where the store asks for some more. */
function rawOf(index: string, query: string, params: Record<string, string | Buffer>): string[] {
  const count = /KNN \$(\w+)/.exec(query)?.[1] ?? "";
  const pairs = Object.entries({ ...params, [count]: NEIGHBOURS }).flat() as string[];
  return [
    ...["FT.SEARCH", index, query, "SORTBY", "distance", "ASC", "LIMIT", "0", NEIGHBOURS],
    ...["RETURN", "3", "value", "meta", "distance"],
    ...["PARAMS", String(pairs.length), ...pairs, "DIALECT", "2", "TIMEOUT", "600000"],
  ];
}

/** Queries per second with sixteen in flight, in turns of a quarter of a second. */
async function throughputs(ours: (at: number) => Promise<unknown>, raw: (at: number) => Promise<unknown>) {
  const done = { ours: 0, raw: 0 };
  const spent = { ours: 0, raw: 0 };
  for (let turn = 0; turn < 12; turn++) {
    const name = turn % 2 === 0 ? "ours" : "raw";
    const ask = turn % 2 === 0 ? ours : raw;
    const start = performance.now();
    let at = 0;
    const worker = async () => {
      while (performance.now() - start < 250) {
        await ask(at++);
        done[name]++;
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    spent[name] += performance.now() - start;
  }
  return { ours: (1_000 * done.ours) / spent.ours, raw: (1_000 * done.raw) / spent.raw };
}

function report(sizes: readonly SearchesAtSize[]): string {
  const rows = [
    [
      "items",
      "search",
      "p50",
      "p99",
      "raw p50",
      "raw p99",
      "raw p50 / p50",
      "per second",
      "/ raw",
      "recall@10",
    ],
  ];
  for (const { size, measured } of sizes) {
    for (const { name, ours, raw, throughput, recall } of measured) {
      rows.push([
        size.toLocaleString("en"),
        name,
        ...[ours, raw].flatMap((times) => [50, 99].map((p) => `${milliseconds(percentile(times, p))} ms`)),
        (1 / ratio(ours, raw)).toFixed(2),
        Math.round(throughput.ours).toLocaleString("en"),
        (throughput.ours / throughput.raw).toFixed(2),
        shown(recall),
      ]);
    }
  }
  return [
    "## Searches",
    "`store.search(path, { query })`, ten results, the query's vector known to the store, against `FT.SEARCH` for ten " +
      "neighbours sent through the same client without the store, whose reply is left undecoded. One after another (p50, " +
      `p99), and with ${IN_FLIGHT} in flight (per second). What the store adds is decoding the items, some microseconds for ` +
      "each result; it does not grow with the store, so it shows where the server is done at once.",
    table(rows),
    "![A search for ten neighbours](store-search.svg)",
  ].join("\n\n");
}

function chart(sizes: readonly SearchesAtSize[]): string {
  const scopes = [...new Set(sizes.flatMap(({ measured }) => measured.map(({ name }) => name)))];
  const colors = ["#c0392b", "#2471a3", "#229954", "#b9770e", "#7d3c98"];
  return drawChart({
    title: "A search for ten neighbours",
    xLabel: "items in the store",
    yLabel: "milliseconds (median)",
    logarithmic: { x: true, y: false },
    formatX: (x) => x.toLocaleString("en"),
    formatY: (y) => y.toFixed(1),
    series: scopes.map((name, at) => ({
      name,
      color: colors[at % colors.length] as string,
      points: sizes.flatMap(({ size, measured }) => {
        const one = measured.find((each) => each.name === name);
        return one ? [[size, percentile(one.ours, 50)] as const] : [];
      }),
    })),
  });
}

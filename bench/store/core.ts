import { startServer } from "../../tests/helpers/servers/index.js";
import { percentile, type Times, timeInTurns } from "../measure.js";
import { milliseconds, table } from "../report.js";
import { connectTo, fillStore } from "./data.js";
import { syntheticVectors } from "./vectors.js";

const DIMS = 512;

interface CoreTimes {
  size: number;
  query: Times;
  hybrid: Times;
  filter: Times;
  listing: Times;
}

/** Times searches on a server without a search engine, where every candidate is compared here. */
export async function measureCore(): Promise<CoreTimes[]> {
  const server = await startServer({ search: false });
  const client = await connectTo(server.url);
  try {
    const measured: CoreTimes[] = [];
    for (const size of [100, 1_000, 10_000]) {
      const vectors = syntheticVectors(size, true, DIMS);
      const { store, clear } = await fillStore(client, vectors, size);
      let at = 0;
      const query = () => vectors.queries[at++ % vectors.queries.length] as string;
      const times = await timeInTurns(
        {
          query: () => store.search(["words"], { query: query() }),
          hybrid: () => store.search(["words"], { query: query(), mode: "hybrid" }),
          filter: () => store.search(["words"], { filter: { kind: "kind 1" } }),
          listing: () => store.search(["words"]),
        },
        size > 1_000 ? 20 : 100,
      );
      measured.push({ size, ...times });
      await clear();
    }
    return measured;
  } finally {
    client.destroy();
    await server.stop();
  }
}

export function reportCore(measured: readonly CoreTimes[]): string {
  const both = (times: Times) => [50, 99].map((p) => milliseconds(percentile(times, p))).join(" / ");
  return [
    "## Without a search engine",
    `Engine "core", vectors of ${DIMS} dimensions, on a server without modules: candidates are fetched and compared in ` +
      "the client, all of them, so results are exact. Milliseconds, p50 / p99, by the number of items under the path.",
    table([
      ["items", "query", "hybrid", "filter on a fifth", "newest ten"],
      ...measured.map(({ size, query, hybrid, filter, listing }) => [
        size.toLocaleString("en"),
        ...[query, hybrid, filter, listing].map(both),
      ]),
    ]),
  ].join("\n\n");
}

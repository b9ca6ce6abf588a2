import { startServer } from "../../tests/helpers/servers/index.js";
import { conditions, save } from "../report.js";
import { measureCore, reportCore } from "./core.js";
import { connectTo } from "./data.js";
import { measureNamespaces, reportNamespaces } from "./namespaces.js";
import { measureRecall, reportRecall } from "./recall.js";
import { measureRoundTrips, reportRoundTrips } from "./round-trips.js";
import { measureSearches, reportSearches } from "./searches.js";
import { loadWordVectors, syntheticVectors } from "./vectors.js";
import { measureWrites, reportWrites } from "./writes.js";

const SIZES = (process.env.BENCH_SIZES ?? "1000,10000,50000").split(",").map(Number);

/** Searches, writes and listings, each against the plain Redis commands for the same. */
export async function run(parts: readonly string[]): Promise<void> {
  if (parts.length > 0) throw new Error("the benchmark of the store has no parts");
  const largest = Math.max(...SIZES);
  const words = await loadWordVectors(largest);
  const server = await startServer();
  const client = await connectTo(server.url);
  try {
    const searches = [];
    for (const size of SIZES) searches.push(await measureSearches(client, words, size));
    const recalls = [await measureRecall(client, words, largest)];
    for (const clustered of [true, false]) {
      recalls.push(await measureRecall(client, syntheticVectors(largest, clustered), largest));
    }
    const report = [
      "# Store: what a search and a put cost",
      conditions(server.description.replace(/ at \S+.*/, "")),
      `Vectors: ${words.origin}.`,
      await reportSearches(searches),
      reportRecall(recalls),
      reportWrites(await measureWrites(client, words)),
      reportCore(await measureCore()),
      reportNamespaces(await measureNamespaces(client)),
      reportRoundTrips(await measureRoundTrips(server.url)),
    ].join("\n\n");
    console.log(`\n${report}\n`);
    await save("store.md", report);
  } finally {
    client.destroy();
    await server.stop();
  }
}

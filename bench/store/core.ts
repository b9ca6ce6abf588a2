import { randomUUID } from "node:crypto";
import { RedisStore } from "langgraph-redis";
import { startTcpProxy } from "../../tests/helpers/tcp-proxy.js";
import { percentile, type Times, timeInTurns } from "../measure.js";
import type { Part } from "../part.js";
import { milliseconds, times as multiple, table } from "../report.js";
import { type Bench, withServer } from "../server.js";
import { fillStore } from "./data.js";
import { modelOf, syntheticVectors } from "./vectors.js";

const DIMS = 512;

interface CoreTimes {
  size: number;
  query: Times;
  hybrid: Times;
  filter: Times;
  listing: Times;
}

/** Searches on a server without a search engine, where every candidate is compared here. */
export const core: Part = {
  name: "core",
  async measure() {
    const measured = await withServer(measureTimes);
    const moved = await withServer(measureBytes);
    const trips = await withServer(countTripsOfWideSearch);
    return {
      goals: [
        {
          what: "bytes of a query over 10,000 items with values of 1 kB ÷ their vectors, without a search engine",
          measured: moved,
          bound: { atMost: 1.2 },
          show: multiple,
        },
        {
          what: "round trips of a query over 60,000 namespaces, without a search engine",
          measured: trips,
          bound: { atMost: 20 },
          show: String,
        },
      ],
      section: report(measured),
    };
  },
};

/** The bytes that a query moves, in both ways, as a multiple of the vectors that it compares. */
async function measureBytes({ url, keyPrefix }: Bench): Promise<number> {
  const count = 10_000;
  const vectors = syntheticVectors(count, true, DIMS);
  const index = { dims: DIMS, embeddings: modelOf(vectors), fields: ["word"] };
  const proxy = await startTcpProxy(url);
  const store = await RedisStore.fromConnString(proxy.url, { keyPrefix, index });
  for (let from = 0; from < count; from += 500) {
    await store.batch(
      vectors.names.slice(from, from + 500).map((word) => ({
        namespace: ["words"],
        key: word,
        value: { word, text: randomUUID().repeat(27) },
      })),
    );
  }
  const query = vectors.queries[0] as string;
  await store.search(["words"], { query });
  proxy.reset();
  await store.search(["words"], { query });
  const moved = proxy.requestBytes + proxy.replyBytes;
  await store.stop();
  await proxy.stop();
  return moved / (count * DIMS * Float32Array.BYTES_PER_ELEMENT);
}

async function countTripsOfWideSearch({ url, keyPrefix }: Bench): Promise<number> {
  const count = 60_000;
  const vectors = syntheticVectors(count, true, 8);
  const index = { dims: 8, embeddings: modelOf(vectors), fields: ["word"] };
  const proxy = await startTcpProxy(url);
  const store = await RedisStore.fromConnString(proxy.url, { keyPrefix, index });
  for (let from = 0; from < count; from += 1_000) {
    await store.batch(
      vectors.names
        .slice(from, from + 1_000)
        .map((word) => ({ namespace: ["users", word], key: "k", value: { word } })),
    );
  }
  const query = vectors.queries[0] as string;
  await store.search(["users"], { query });
  proxy.reset();
  await store.search(["users"], { query });
  const { roundTrips } = proxy;
  await store.stop();
  await proxy.stop();
  return roundTrips;
}

async function measureTimes({ client }: Bench): Promise<CoreTimes[]> {
  const measured: CoreTimes[] = [];
  for (const size of [100, 1_000, 10_000]) {
    const vectors = syntheticVectors(size, true, DIMS);
    const { store, clear } = await fillStore(client, vectors, size, { text: true });
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
}

function report(measured: readonly CoreTimes[]): string {
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

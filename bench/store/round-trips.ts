import { randomUUID } from "node:crypto";
import { RedisStore } from "langgraph-redis";
import { startTcpProxy } from "../../tests/helpers/tcp-proxy.js";
import { table } from "../report.js";
import { modelOf, syntheticVectors } from "./vectors.js";

/** Counts the round trips of each operation at the socket. */
export async function measureRoundTrips(url: string): Promise<[name: string, count: number][]> {
  const proxy = await startTcpProxy(url);
  const vectors = syntheticVectors(100, true);
  const store = await RedisStore.fromConnString(proxy.url, {
    keyPrefix: `bench-${randomUUID()}`,
    index: { dims: vectors.dims, embeddings: modelOf(vectors), fields: ["word"] },
  });
  const put = (key: string) => ({ namespace: ["a", "b"], key, value: { word: key } });
  await store.batch(vectors.names.map(put));
  await store.delete(["a", "b"], "v0"); // loads the script
  const query = vectors.queries[0] as string;
  const operations: [string, () => Promise<unknown>][] = [
    ["`put`", () => store.put(["a", "b"], "v0", { word: "v0" })],
    ["`get`", () => store.get(["a", "b"], "v1")],
    ["`delete`", () => store.delete(["a", "b"], "v1")],
    ["`search` with a filter", () => store.search(["a"], { filter: { word: "v2" } })],
    ["`search` with a query", () => store.search(["a"], { query })],
    ["`search`, hybrid", () => store.search(["a"], { query, mode: "hybrid" })],
    ["`listNamespaces`", () => store.listNamespaces()],
    ["`batch` of 100 puts", () => store.batch(vectors.names.map(put))],
    ["`batch` of gets and puts", () => store.batch([{ namespace: ["a", "b"], key: "v2" }, put("v3")])],
    ["`batch` of searches and puts", () => store.batch([{ namespacePrefix: ["a"], query }, put("v4")])],
  ];
  const counts: [string, number][] = [];
  for (const [name, operation] of operations) {
    proxy.reset();
    await operation();
    counts.push([name, proxy.roundTrips]);
  }
  await store.deleteNamespace(["a"]);
  await store.stop();
  await proxy.stop();
  return counts;
}

export function reportRoundTrips(counts: readonly (readonly [string, number])[]): string {
  return [
    "## Round trips",
    "Counted at the socket, scripts loaded.",
    table([["operation", "round trips"], ...counts.map(([name, count]) => [name, String(count)])]),
  ].join("\n\n");
}

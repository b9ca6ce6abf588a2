import { randomUUID } from "node:crypto";
import { RedisStore } from "langgraph-redis";
import { createCluster } from "redis";
import { startCluster } from "../../tests/helpers/servers/index.js";
import { startTcpProxy, type TcpProxy } from "../../tests/helpers/tcp-proxy.js";
import type { Part } from "../part.js";
import { table } from "../report.js";
import { withServer } from "../server.js";
import { modelOf, syntheticVectors } from "./vectors.js";

/** Operations that are to take one round trip. */
const ONE_TRIP = ["`listNamespaces`", "`batch` of searches and puts"];

export const roundTrips: Part = {
  name: "round-trips",
  async measure() {
    const counts = await withServer(({ url }) => countRoundTrips(url), { search: true });
    const nodes = await countNodes();
    const whole = String;
    return {
      goals: [
        ...counts
          .filter(([name]) => ONE_TRIP.includes(name))
          .map(([name, count]) => ({
            what: `round trips of ${name}`,
            measured: count,
            bound: { atMost: 1 },
            show: whole,
          })),
        {
          what: "nodes of a cluster that a put to a known namespace reaches",
          measured: nodes,
          bound: { atMost: 1 },
          show: whole,
        },
      ],
      section: report(counts),
    };
  },
};

/** The most nodes of a cluster that were sent something by one of some puts to namespaces that hold items already. */
async function countNodes(): Promise<number> {
  const cluster = await startCluster();
  const proxies = new Map<string, TcpProxy>(
    await Promise.all(
      cluster.nodes.map(
        async ({ url, host, port }) => [`${host}:${port}`, await startTcpProxy(url)] as const,
      ),
    ),
  );
  const client = createCluster({
    rootNodes: cluster.rootNodes,
    nodeAddressMap: (address) => {
      const { hostname, port } = new URL(proxies.get(address)?.url ?? "");
      return { host: hostname, port: Number(port) };
    },
  });
  client.on("error", () => {}); // whoever awaits a command sees it
  await client.connect();
  const store = new RedisStore({ client, keyPrefix: "bench" });
  let most = 0;
  for (const round of ["new", "known"]) {
    for (let user = 0; user < 30; user++) {
      for (const proxy of proxies.values()) proxy.reset();
      await store.put(["users", String(user)], "k", { round });
      const reached = [...proxies.values()].filter(({ roundTrips }) => roundTrips > 0).length;
      if (round === "known") most = Math.max(most, reached);
    }
  }
  client.destroy();
  await Promise.all([...proxies.values()].map((proxy) => proxy.stop()));
  await cluster.stop();
  return most;
}

/** Counts the round trips of each operation at the socket. */
async function countRoundTrips(url: string): Promise<[name: string, count: number][]> {
  const proxy = await startTcpProxy(url);
  const vectors = syntheticVectors(100, true);
  const store = await RedisStore.fromConnString(proxy.url, {
    keyPrefix: `bench-${randomUUID()}`,
    index: { dims: vectors.dims, embeddings: modelOf(vectors), fields: ["word"], text: true },
  });
  const put = (key: string) => ({ namespace: ["a", "b"], key, value: { word: key } });
  await store.batch(vectors.names.map(put));
  const other = { namespace: ["c"], key: "v4", value: { word: "v4" } };
  await store.batch([other]);
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
    ["`batch` of searches and puts", () => store.batch([{ namespacePrefix: ["a"], query }, other])],
    [
      "`batch` of a search and a put that it could find",
      () => store.batch([{ namespacePrefix: ["a"], query }, put("v4")]),
    ],
  ];
  const counts: [string, number][] = [];
  for (const [name, operation] of operations) {
    await operation(); // loads its scripts
    proxy.reset();
    await operation();
    counts.push([name, proxy.roundTrips]);
  }
  await store.stop();
  await proxy.stop();
  return counts;
}

function report(counts: readonly (readonly [string, number])[]): string {
  return [
    "## Round trips",
    "Counted at the socket, scripts loaded.",
    table([["operation", "round trips"], ...counts.map(([name, count]) => [name, String(count)])]),
  ].join("\n\n");
}

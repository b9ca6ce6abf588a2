import { againIfPortTaken, type ServerNode, serverNode, startAll, until } from "./node.js";
import { freePorts } from "./ports.js";
import { withConnection } from "./probe.js";
import { RedisProcess } from "./process.js";
import { requireLocal } from "./requirements.js";
import { searchEngine } from "./search-engine.js";

export interface SentinelOptions {
  /** Default 1. */
  replicas?: number;
  /** Default 3; a majority of them decides on a failover. */
  sentinels?: number;
  /** Whether master and replicas have the search engine; default false. */
  search?: boolean;
  /** More `redis-server` arguments for master and replicas. */
  args?: string[];
  log?: (line: string) => void;
}

export interface TestSentinel {
  /** The group's name, for `createSentinel({ name, sentinelRootNodes })`. */
  name: string;
  sentinelRootNodes: { host: string; port: number }[];
  /** What was started as master, then the replicas: a failover may have changed that. */
  nodes: ServerNode[];
  sentinels: ServerNode[];
  description: string;
  /** Address of the master, as the first Sentinel that answers sees it now. */
  masterUrl(): Promise<string>;
  stop(): Promise<void>;
}

const NAME = "mymaster";

/** A master, its replicas, and Sentinels that watch them: local `redis-server` processes on loopback. */
export async function startSentinel(options: SentinelOptions = {}): Promise<TestSentinel> {
  const log = options.log ?? ((line: string) => console.error(line));
  const needed = await requireLocal(options.search ?? false, log);
  const engine = needed.compiler ? await searchEngine(needed.compiler) : undefined;
  return againIfPortTaken(async () => {
    const replicas = options.replicas ?? 1;
    const watchers = options.sentinels ?? 3;
    const ports = await freePorts(1 + replicas + watchers);
    const masterPort = ports[0] as number;
    const data = ports.slice(0, 1 + replicas).map((port, index) => {
      const follow = index > 0 ? ["--replicaof", "127.0.0.1", String(masterPort)] : [];
      return new RedisProcess({
        redisServer: needed.redisServer,
        port,
        args: [
          ...(engine?.args ?? []),
          "--repl-diskless-sync-delay",
          "0",
          ...follow,
          ...(options.args ?? []),
        ],
        env: engine?.env,
      });
    });
    const sentinels = ports
      .slice(1 + replicas)
      .map((port) => sentinelProcess(needed.redisServer, port, masterPort, Math.floor(watchers / 2) + 1));
    const all = [...data, ...sentinels];
    const stop = async () => void (await Promise.all(all.map((each) => each.remove())));
    await startAll(data);
    try {
      await startAll(sentinels);
      await until("every Sentinel knows the others and the replicas", () => agreed(sentinels, replicas));
    } catch (error) {
      await stop();
      throw error;
    }
    const modules = engine ? "Redis Search" : "no modules";
    return {
      name: NAME,
      sentinelRootNodes: sentinels.map(({ port }) => ({ host: "127.0.0.1", port })),
      nodes: data.map(serverNode),
      sentinels: sentinels.map(serverNode),
      description:
        `Redis ${needed.redisVersion} with ${modules}: a master, ${replicas} replicas, ` +
        `${watchers} Sentinels (${needed.redisServer})`,
      masterUrl: () => masterUrl(sentinels),
      stop,
    };
  });
}

function sentinelProcess(
  redisServer: string,
  port: number,
  masterPort: number,
  quorum: number,
): RedisProcess {
  return new RedisProcess({
    redisServer,
    port,
    args: ["--sentinel"],
    config: [
      `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} ${quorum}`,
      `sentinel down-after-milliseconds ${NAME} 1000`,
      `sentinel failover-timeout ${NAME} 5000`,
    ],
  });
}

async function agreed(sentinels: RedisProcess[], replicas: number): Promise<boolean> {
  const views = await Promise.all(
    sentinels.map(({ url }) =>
      withConnection(url, async (send) => {
        const flat = (await send("SENTINEL", "MASTER", NAME)) as string[];
        const field = (name: string) => flat[flat.indexOf(name) + 1];
        const usable = ((await send("SENTINEL", "REPLICAS", NAME)) as string[][]).filter(
          (replica) => replica[replica.indexOf("master-link-status") + 1] === "ok",
        );
        const others = Number(field("num-other-sentinels"));
        return field("flags") === "master" && others === sentinels.length - 1 && usable.length === replicas;
      }),
    ),
  );
  return views.every(Boolean);
}

async function masterUrl(sentinels: RedisProcess[]): Promise<string> {
  for (const sentinel of sentinels) {
    if (!sentinel.running) continue;
    const address = await withConnection(sentinel.url, (send) =>
      send("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME),
    );
    const [host, port] = address as string[];
    return `redis://${host}:${port}`;
  }
  throw new Error("no Sentinel is running");
}

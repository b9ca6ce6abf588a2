import { againIfPortTaken, type ServerNode, serverNode, startAll, until } from "./node.js";
import { freePorts } from "./ports.js";
import { type Send, withConnection } from "./probe.js";
import { RedisProcess } from "./process.js";
import { requireLocal } from "./requirements.js";

const SLOTS = 16_384;

export interface ClusterOptions {
  /** Default 3. */
  masters?: number;
  /** For each master; default 0. */
  replicas?: number;
  /** More `redis-server` arguments for every node. */
  args?: string[];
  log?: (line: string) => void;
}

export interface ClusterNode extends ServerNode {
  /** As the cluster names it. */
  id: string;
  /** What it was started as: a failover may have changed that. */
  role: "master" | "replica";
}

export interface TestCluster {
  /** For `createCluster({ rootNodes })`. */
  rootNodes: { url: string }[];
  /** Masters first, in the order of their slots, then their replicas, in the same order. */
  nodes: ClusterNode[];
  description: string;
  stop(): Promise<void>;
}

/** A Redis Cluster of plain local `redis-server` processes on loopback. */
export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const { redisServer, redisVersion } = await requireLocal(
    false,
    options.log ?? ((line) => console.error(line)),
  );
  return againIfPortTaken(() => start(redisServer, redisVersion, options));
}

async function start(redisServer: string, version: string, options: ClusterOptions): Promise<TestCluster> {
  const masters = options.masters ?? 3;
  const count = masters * (1 + (options.replicas ?? 0));
  const ports = await freePorts(count * 2); // each node has one for clients and one for the other nodes
  const busPort = (node: number) => String(ports[count + node]);
  const processes = ports.slice(0, count).map(
    (port, node) =>
      new RedisProcess({
        redisServer,
        port,
        args: [...CLUSTER_ARGS, "--cluster-port", busPort(node), ...(options.args ?? [])],
      }),
  );
  await startAll(processes);
  const stop = async () => void (await Promise.all(processes.map((each) => each.remove())));
  try {
    const ids = await assemble(processes, masters, busPort);
    const nodes = processes.map((process, index) =>
      Object.assign(serverNode(process), {
        id: ids[index] as string,
        role: index < masters ? ("master" as const) : ("replica" as const),
      }),
    );
    return {
      rootNodes: nodes.slice(0, masters).map(({ url }) => ({ url })),
      nodes,
      description: `Redis ${version} cluster of ${masters} masters and ${count - masters} replicas (${redisServer})`,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const CLUSTER_ARGS = [
  ...["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "1500"],
  // Tests promote replicas, however short a time these have been connected.
  ...["--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0"],
];

/** Gives the masters their slots, makes all nodes known to each other, and waits until the cluster serves. */
async function assemble(processes: RedisProcess[], masters: number, busPort: (node: number) => string) {
  const on = <T>(node: number, work: (send: Send) => Promise<T>) =>
    withConnection((processes[node] as RedisProcess).url, work);
  const everywhere = <T>(work: (send: Send, node: number) => Promise<T>) =>
    Promise.all(processes.map((_, node) => on(node, (send) => work(send, node))));

  const ids = await everywhere(async (send, node) => {
    await send("CLUSTER", "SET-CONFIG-EPOCH", String(node + 1)); // what nodes otherwise settle one conflict at a time
    if (node < masters) {
      const first = Math.floor((node * SLOTS) / masters);
      const last = Math.floor(((node + 1) * SLOTS) / masters) - 1;
      await send("CLUSTER", "ADDSLOTSRANGE", String(first), String(last));
    }
    return String(await send("CLUSTER", "MYID"));
  });
  await on(0, async (send) => {
    for (let node = 1; node < processes.length; node++) {
      await send("CLUSTER", "MEET", "127.0.0.1", String(processes[node]?.port), busPort(node));
    }
  });
  await until("every node knows every other", async () => {
    const known = await everywhere(async (send) => String(await send("CLUSTER", "NODES")));
    return known.every((nodes) => ids.every((id) => nodes.includes(id)) && !nodes.includes("handshake"));
  });
  await everywhere(async (send, node) => {
    if (node >= masters) await send("CLUSTER", "REPLICATE", ids[node % masters] as string);
  });
  await until("every node serves all slots, every replica is in step", async () => {
    const states = await everywhere(async (send, node) => {
      const serves = String(await send("CLUSTER", "INFO")).includes("cluster_state:ok");
      const inStep = String(await send("INFO", "replication")).includes("master_link_status:up");
      return serves && (node < masters || inStep);
    });
    return states.every(Boolean);
  });
  await until("every node knows who replicates whom", async () => {
    const known = await everywhere(async (send) => String(await send("CLUSTER", "NODES")));
    return known.every(
      (nodes) => nodes.split("\n").filter((line) => /\bslave\b/.test(line)).length === ids.length - masters,
    );
  });
  return ids;
}

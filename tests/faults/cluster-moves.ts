import { createClient } from "redis";
import type { ClusterNode, TestCluster } from "../helpers/servers/index.js";

const SLOTS = 16_384;

/** Moves slots of a cluster from node to node, as `redis-cli --cluster reshard` does. */
export class Resharding {
  private constructor(
    private readonly nodes: readonly ClusterNode[],
    private readonly clients: ReadonlyMap<ClusterNode, Awaited<ReturnType<typeof open>>>,
  ) {}

  static async of({ nodes }: TestCluster): Promise<Resharding> {
    const masters = nodes.filter(({ role }) => role === "master");
    const clients = await Promise.all(masters.map(async (node) => [node, await open(node.url)] as const));
    return new Resharding(masters, new Map(clients));
  }

  close(): void {
    for (const client of this.clients.values()) client.destroy();
  }

  /** The slot of a key. */
  async slotOf(key: string): Promise<number> {
    return Number(await this.on(this.nodes[0] as ClusterNode).sendCommand(["CLUSTER", "KEYSLOT", key]));
  }

  /** Moves a slot to the next node, key by key, with a pause for others after each. */
  async move(slot: number, pause: () => Promise<void>): Promise<void> {
    const owner = await this.ownerOf(slot);
    const source = this.nodes[owner] as ClusterNode;
    const target = this.nodes[(owner + 1) % this.nodes.length] as ClusterNode;
    await this.on(target).sendCommand(["CLUSTER", "SETSLOT", String(slot), "IMPORTING", source.id]);
    await this.on(source).sendCommand(["CLUSTER", "SETSLOT", String(slot), "MIGRATING", target.id]);
    for (;;) {
      await pause();
      const args = ["CLUSTER", "GETKEYSINSLOT", String(slot), "1"];
      const [key] = (await this.on(source).sendCommand(args)) as unknown as string[];
      if (key === undefined) break;
      await this.on(source).sendCommand(["MIGRATE", target.host, String(target.port), key, "0", "5000"]);
    }
    for (const node of [target, source, ...this.nodes]) {
      await this.on(node).sendCommand(["CLUSTER", "SETSLOT", String(slot), "NODE", target.id]);
    }
  }

  /** The kinds of answers that sent clients elsewhere, or away. */
  async redirections(): Promise<string[]> {
    const stats = await Promise.all([...this.clients.values()].map((client) => client.info("errorstats")));
    return [...stats.join("\n").matchAll(/^errorstat_(\w+):/gm)].map(([, kind]) => String(kind));
  }

  private async ownerOf(slot: number): Promise<number> {
    const shards = (await this.on(this.nodes[0] as ClusterNode).sendCommand([
      "CLUSTER",
      "SLOTS",
    ])) as unknown as [number, number, [string, number, string]][];
    const owner = shards.find(([from, to]) => from <= slot && slot <= to)?.[2][2];
    const at = this.nodes.findIndex(({ id }) => id === owner);
    if (at < 0 || slot >= SLOTS) throw new Error(`nobody owns slot ${slot}`);
    return at;
  }

  private on(node: ClusterNode) {
    const client = this.clients.get(node);
    if (!client) throw new Error(`${node.url} is no master`);
    return client;
  }
}

async function open(url: string) {
  const client = createClient({ url, RESP: 2 });
  client.on("error", () => {});
  return client.connect();
}

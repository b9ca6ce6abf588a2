import type { ClientAdapter } from "../client-adapter.js";
import type { Arg, Command, Reply } from "../command.js";
import { type NodeRedisClient, sendPipelined, unusableClient } from "./single.js";

/** The part of a pool of node-redis' `createClientPool` that is used. */
export interface NodeRedisPool {
  readonly isOpen: boolean;
  readonly totalClients: number;
  sendCommand(args: Arg[], options?: object): Promise<unknown>;
  execute<T>(work: (client: NodeRedisClient) => Promise<T>): Promise<T>;
}

/** Takes one client of the pool for each pipeline, so that its commands stay in order and together. */
export class PoolAdapter implements ClientAdapter {
  constructor(private readonly pool: NodeRedisPool) {}

  get unusable(): string | undefined {
    return unusableClient(this.pool.isOpen);
  }

  send(commands: readonly Command[], signal: AbortSignal): Promise<(Reply | Error)[]> {
    return this.pool.execute((client) => sendPipelined(client, commands, signal));
  }
}

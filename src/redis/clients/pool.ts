import type { CancelSignal } from "../cancellation.js";
import type { ClientAdapter, Transmission } from "../client-adapter.js";
import type { Arg, Command, Reply } from "../command.js";
import { type Lane, laneOf } from "../lane.js";
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
  /** How many pipelines the pool has been given and has not finished. */
  #given = 0;
  /** Gives the pool the next pipeline; first come, first served. */
  readonly #waiting = new Set<() => void>();

  constructor(private readonly pool: NodeRedisPool) {}

  get unusable(): string | undefined {
    return unusableClient(this.pool.isOpen);
  }

  laneOf(): Lane {
    return laneOf(this.pool);
  }

  async send(commands: readonly Command[], transmission: Transmission): Promise<(Reply | Error)[]> {
    while (!this.#hasRoom()) await this.#turn(transmission.signal);
    this.#given++;
    try {
      // Pools of older versions leave a rejection behind that nobody handles when the work fails. So it never does.
      let failure: { error: unknown } | undefined;
      const replies = await this.pool.execute(async (client) => {
        try {
          transmission.signal.throwIfAborted();
          transmission.useOwnLane();
          return await sendPipelined(client, commands, transmission);
        } catch (error) {
          failure = { error };
          return [];
        }
      });
      if (failure) throw failure.error;
      return replies;
    } finally {
      this.#given--;
      const [next] = this.#waiting;
      next?.();
    }
  }

  /** The pool's own queue is kept short: whoever waits there for a client for some seconds is thrown out. */
  #hasRoom(): boolean {
    return this.#given <= 2 * this.pool.totalClients;
  }

  async #turn(signal: CancelSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const go = () => {
        this.#waiting.delete(go);
        signal.removeEventListener("abort", go);
        resolve();
      };
      this.#waiting.add(go);
      signal.addEventListener("abort", go);
    });
    signal.throwIfAborted();
  }
}

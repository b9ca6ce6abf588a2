import type { RedisClient } from "langgraph-redis";
import type { Command, Connection, Reply } from "../../src/redis/command.js";
import { type ConnectionClient, createConnection, IS_CONNECTION } from "../../src/redis/connection.js";

/**
 * The connection of a process that is killed after some commands, also between two of one pipeline: the server gets no
 * more from then on, and the process learns nothing, not even what became of the last ones.
 *
 * ```ts
 * const doomed = new RedisStore({ client: new DyingConnection(await connect(), 7), keyPrefix });
 * await expect(doomed.put(["a"], "k", {})).rejects.toThrow("killed");
 * ```
 */
export class DyingConnection implements ConnectionClient {
  readonly [IS_CONNECTION] = true;
  /** Whether the process has been killed. */
  isDead = false;
  private readonly inner: Connection;

  /** @param left how many commands are sent before the end. */
  constructor(
    client: RedisClient,
    private left: number,
  ) {
    this.inner = createConnection(client);
  }

  get isCluster(): boolean {
    return this.inner.isCluster ?? false;
  }

  async pipeline(commands: readonly Command[], signal?: AbortSignal): Promise<(Reply | Error)[]> {
    const sent = commands.slice(0, this.left);
    this.left -= sent.length;
    if (sent.length === commands.length) return this.inner.pipeline(commands, signal);
    if (sent.length > 0) await this.inner.pipeline(sent);
    this.isDead = true;
    throw new Error("the process was killed");
  }
}

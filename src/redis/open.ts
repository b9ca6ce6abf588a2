import { createClient } from "redis";
import { InvalidInputError, show } from "../errors.js";
import type { NodeRedisClient } from "./connection.js";

/** A client that this package opened, and therefore closes. */
export interface OwnedClient {
  readonly client: NodeRedisClient;
  /** Waits for the commands that are under way. Closing twice is no error. */
  close(): Promise<void>;
}

/**
 * Connects to `redis://` or `rediss://` (TLS).
 *
 * Errors of the connection reach the caller through the commands that fail, so the client's `error` event needs
 * no more than a listener: without one Node would end the process.
 *
 * @throws {InvalidInputError} when the address is not a Redis URL; the client's own error when nobody answers.
 */
export async function openClient(uri: string): Promise<OwnedClient> {
  if (typeof uri !== "string" || !/^rediss?:\/\//.test(uri)) {
    throw new InvalidInputError(`expected a redis:// or rediss:// URL, got ${show(uri)}.`);
  }
  let connected = false;
  const client = createClient({
    url: uri,
    socket: {
      // A first connection that fails is an answer for the caller; a lost one is tried again, ever more slowly.
      reconnectStrategy: (retries, cause) => (connected ? Math.min(50 * 2 ** retries, 2_000) : cause),
    },
  });
  client.on("error", () => {});
  await client.connect();
  connected = true;
  return {
    client,
    close: async () => {
      if (client.isOpen) await client.close();
    },
  };
}

import type { CancelSignal } from "../cancellation.js";
import { type ClientAdapter, sendAll, type Transmission } from "../client-adapter.js";
import type { Arg, Command, Reply, ServerAddress } from "../command.js";
import { type Lane, laneOf } from "../lane.js";
import { commandOptions } from "./command-options.js";
import { isErrorReply } from "./error-reply.js";

/** The part of a client of node-redis' `createClient` that is used. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  readonly options?: unknown;
  sendCommand(args: Arg[], options?: object): Promise<unknown>;
}

export class SingleClientAdapter implements ClientAdapter {
  constructor(private readonly client: NodeRedisClient) {}

  get unusable(): string | undefined {
    return unusableClient(this.client.isOpen);
  }

  get server(): ServerAddress | undefined {
    const { options } = this.client as { options?: { socket?: SocketOptions } };
    return addressIn(options?.socket);
  }

  laneOf(): Lane {
    return laneOf(this.client);
  }

  send(commands: readonly Command[], transmission: Transmission): Promise<(Reply | Error)[]> {
    return sendPipelined(this.client, commands, transmission);
  }
}

/** The part of a client's options that tells where the server is. */
export interface SocketOptions {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly path?: unknown;
}

/** The server that a client connects to; undefined when its options do not tell. */
export function addressIn(options: SocketOptions | undefined): ServerAddress | undefined {
  const { host, port, path } = options ?? {};
  if (typeof path === "string") return { address: path };
  if (typeof host !== "string") return undefined;
  return Number.isInteger(Number(port ?? Number.NaN))
    ? { address: host, port: Number(port) }
    : { address: host };
}

/** Sends all commands over one connection. Those of one turn of the event loop leave in one write. */
export function sendPipelined(
  client: Pick<NodeRedisClient, "sendCommand">,
  commands: readonly Command[],
  transmission: Transmission,
): Promise<(Reply | Error)[]> {
  let options: object | undefined;
  const send = ({ args }: Command, own: CancelSignal) => {
    options ??= commandOptions(own);
    return client.sendCommand(args as Arg[], options);
  };
  return sendAll(commands, transmission, send, isErrorReply);
}

export function unusableClient(isOpen: boolean): string | undefined {
  return isOpen ? undefined : "the client is not connected. Call `await client.connect()` before using it";
}

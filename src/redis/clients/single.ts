import type { Arg, Command, Reply } from "../connection.js";
import { gather, type Transport } from "../transport.js";
import { commandOptions, isErrorReply } from "./reply-options.js";

/** The part of a client of node-redis' `createClient` that is used. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  readonly options?: unknown;
  sendCommand(args: Arg[], options?: object): Promise<unknown>;
}

export class SingleTransport implements Transport {
  constructor(private readonly client: NodeRedisClient) {}

  get unusable(): string | undefined {
    return unusableClient(this.client.isOpen);
  }

  send(commands: readonly Command[], signal: AbortSignal): Promise<(Reply | Error)[]> {
    return sendOn(this.client, commands, signal);
  }
}

/** Sends all commands over one connection. Those of one turn of the event loop leave in one write. */
export function sendOn(
  client: Pick<NodeRedisClient, "sendCommand">,
  commands: readonly Command[],
  signal: AbortSignal,
): Promise<(Reply | Error)[]> {
  const send = ({ args }: Command, own: AbortSignal) =>
    client.sendCommand(args as Arg[], commandOptions(own));
  return gather(commands, signal, send, isErrorReply);
}

export function unusableClient(isOpen: boolean): string | undefined {
  return isOpen ? undefined : "the client is not connected. Call `await client.connect()` before using it";
}

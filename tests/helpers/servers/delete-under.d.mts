/** The part of a client of node-redis that is used. */
interface Client {
  sendCommand(args: string[]): Promise<unknown>;
  scanIterator(options: { MATCH: string; COUNT: number }): AsyncIterable<string[]>;
  unlink(keys: string[]): Promise<unknown>;
}

export function deleteUnder(client: Client, prefix: string): Promise<void>;

import { createClient } from "redis";
import { errorText } from "./types.js";

export interface ServerFacts {
  /** "Redis" or "Valkey". */
  product: string;
  version: string;
  hasSearch: boolean;
  /** For example `2.6.0`; undefined where the server does not tell. */
  searchVersion: string | undefined;
}

/** Connects once and asks the server what it is. */
export async function probe(url: string): Promise<ServerFacts> {
  return withConnection(url, async (send) => {
    const info = String(await send("INFO"));
    const field = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, "m").exec(info)?.[1];
    const search = /^module:name=search,ver=(\d+)/m.exec(info)?.[1];
    return {
      product: field("valkey_version") ? "Valkey" : "Redis",
      version: field("valkey_version") ?? field("redis_version") ?? "unknown",
      // Managed servers hide their module list, so the commands themselves are asked for.
      hasSearch: await send("FT._LIST").then(
        () => true,
        (error) => {
          if (/unknown command|unknown subcommand/i.test(errorText(error))) return false;
          throw error;
        },
      ),
      searchVersion: search && dotted(Number(search)),
    };
  });
}

/** Waits until the server answers a command: not merely listening, not still loading its data. */
export async function waitUntilReady(url: string, stillRunning: () => boolean, timeoutMs = 30_000) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await withConnection(url, async (send) => void (await send("PING")));
    } catch (error) {
      if (!stillRunning()) throw new Error("the server ended while starting");
      if (Date.now() > deadline) throw new Error(`no answer within ${timeoutMs} ms: ${errorText(error)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

export type Send = (...command: string[]) => Promise<unknown>;

/** A connection for a few raw commands. RESP2, which every server speaks, with its plain reply shapes. */
export async function withConnection<T>(url: string, work: (send: Send) => Promise<T>): Promise<T> {
  const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false, connectTimeout: 5_000 } });
  client.on("error", () => undefined); // the awaited call below fails with the same error
  try {
    await client.connect();
    return await work((...command) => client.sendCommand(command));
  } finally {
    if (client.isOpen) client.destroy();
  }
}

function dotted(version: number): string {
  return [Math.floor(version / 10_000), Math.floor(version / 100) % 100, version % 100].join(".");
}

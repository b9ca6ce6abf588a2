import { againIfPortTaken } from "./node.js";
import { freePort } from "./ports.js";
import { probe } from "./probe.js";
import { RedisProcess } from "./process.js";
import { requireLocal } from "./requirements.js";
import { engineLibrary, searchEngine } from "./search-engine.js";
import type { ServerOptions, TestServer } from "./types.js";

const APPEND_ONLY = ["--appendonly", "yes", "--appendfsync", "always"];

/** A `redis-server` of this machine, with the search engine loaded unless module-free mode is asked for. */
export async function startLocal(options: ServerOptions, log: (line: string) => void): Promise<TestServer> {
  const search = options.search ?? true;
  if (search) engineLibrary(); // before anything is installed in vain
  const needed = await requireLocal(search, log);
  const engine = needed.compiler ? await searchEngine(needed.compiler) : undefined;
  const args = [...(engine?.args ?? []), ...(options.appendonly ? APPEND_ONLY : []), ...(options.args ?? [])];

  const server = await againIfPortTaken(async () => {
    const { redisServer } = needed;
    const process = new RedisProcess({
      redisServer,
      port: await freePort(),
      args,
      env: { ...engine?.env, ...options.env },
    });
    await process.start();
    return process;
  });
  const facts = await probe(server.url);
  const installed = needed.installed.length > 0 ? `, just installed ${needed.installed.join(" and ")}` : "";
  const modules = facts.hasSearch ? `Redis Search ${facts.searchVersion}` : "no modules";
  return {
    url: server.url,
    kind: "local",
    description: `${facts.product} ${facts.version} with ${modules} at ${server.url} (${needed.redisServer}${installed})`,
    hasSearch: facts.hasSearch,
    version: facts.version,
    get pid() {
      return server.pid;
    },
    stop: () => server.remove(),
    kill: () => server.end("SIGKILL"),
    restart: () => server.restart(),
  };
}

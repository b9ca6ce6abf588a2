import { probe } from "./probe.js";
import { errorText, RungMissing, type ServerOptions, type TestServer } from "./types.js";

/** The server that the environment names. It is not ours: never flushed, never stopped. */
export async function useRedisUrl(options: ServerOptions): Promise<TestServer> {
  const url = process.env.REDIS_URL;
  if (!url) throw new RungMissing("REDIS_URL is not set");
  if (options.own || options.appendonly || options.args?.length) {
    throw new RungMissing("REDIS_URL is not ours to configure or kill");
  }
  const facts = await probe(url).catch((error) => {
    throw new Error(`REDIS_URL is set but the server does not answer: ${errorText(error)}`);
  });
  const search = options.search ?? true;
  if (search && !facts.hasSearch) {
    throw new Error(
      `REDIS_URL is set but its server (${facts.product} ${facts.version}) has no search engine. ` +
        "Use Redis 8, Redis Stack, or unset REDIS_URL.",
    );
  }
  if (!search && facts.hasSearch)
    throw new RungMissing("REDIS_URL has a search engine, module-free mode was asked for");
  const modules = facts.hasSearch ? `Redis Search ${facts.searchVersion ?? ""}`.trim() : "no modules";
  const refuse = async () => {
    throw new Error("the server at REDIS_URL is not ours to kill or restart: start one with { own: true }");
  };
  return {
    url,
    kind: "REDIS_URL",
    description: `${facts.product} ${facts.version} with ${modules} at ${withoutPassword(url)} (REDIS_URL)`,
    hasSearch: facts.hasSearch,
    version: facts.version,
    pid: undefined,
    stop: async () => undefined,
    kill: refuse,
    restart: refuse,
  };
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password) shown.password = "***";
  return shown.href;
}

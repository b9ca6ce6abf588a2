import { randomBytes } from "node:crypto";
import type { TestProject } from "vitest/node";
import { startServer, sweepAtEnd } from "./servers/index.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** The run's server, with a search engine. */
    redisUrl: string;
    /** The run's server without any module. */
    plainRedisUrl: string;
    /** What every key prefix of this run starts with. */
    runPrefix: string;
  }
}

/** One server with a search engine and one without, for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer();
  const plain = await startServer({ search: false }).catch(async (error) => {
    await server.stop();
    throw error;
  });
  console.log(`\n${server.description}\n${plain.description}`);

  const runPrefix = `t-${randomBytes(6).toString("hex")}-`;
  const sweeps = [server, plain]
    .filter((each) => each.kind === "REDIS_URL") // the others are gone with all they hold
    .map((each) => sweepAtEnd(each.url, runPrefix));
  project.provide("redisUrl", server.url);
  project.provide("plainRedisUrl", plain.url);
  project.provide("runPrefix", runPrefix);
  return async () => {
    for (const sweep of sweeps) await sweep();
    await Promise.all([server.stop(), plain.stop()]);
  };
}

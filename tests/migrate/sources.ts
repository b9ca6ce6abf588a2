import { type BaseCheckpointSaver, MemorySaver } from "@langchain/langgraph";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { RedisSaver, type RedisSaverOptions } from "langgraph-redis";
import { afterAll, describe, onTestFinished } from "vitest";
import { freshPrefix, redisUrl } from "../helpers/redis.js";
import { type PostgresServer, startPostgres } from "../helpers/servers/postgres.js";

let server: Promise<PostgresServer> | undefined;
afterAll(async () => (await server)?.stop());

/** The file's PostgreSQL, which is started when it is needed first. */
export async function postgresUrl(): Promise<string> {
  server ??= startPostgres();
  return (await server).url;
}

/** A schema that nobody else uses. */
export function freshSchema(): string {
  return `s${++schemas}_${process.pid}`;
}

let schemas = 0;

export async function openRedis(options: RedisSaverOptions = {}): Promise<RedisSaver> {
  const saver = await RedisSaver.fromConnString(redisUrl(), { keyPrefix: freshPrefix(), ...options });
  onTestFinished(() => saver.end());
  return saver;
}

export async function openPostgres(): Promise<PostgresSaver> {
  const saver = PostgresSaver.fromConnString(await postgresUrl(), { schema: freshSchema() });
  onTestFinished(() => saver.end());
  await saver.setup();
  return saver;
}

/** Empty checkpointers to copy from. */
const sources: Record<string, () => Promise<BaseCheckpointSaver>> = {
  MemorySaver: async () => new MemorySaver(),
  SqliteSaver: async () => SqliteSaver.fromConnString(":memory:"),
  PostgresSaver: openPostgres,
  "RedisSaver of this package": () => openRedis(),
};

/** Defines the same tests for copies from every source. */
export function fromEverySource(define: (open: () => Promise<BaseCheckpointSaver>) => void): void {
  for (const [name, open] of Object.entries(sources)) {
    const reason = name === "SqliteSaver" ? sqliteProblem() : undefined;
    const title = `copyThreads from ${name}`;
    describe.skipIf(reason !== undefined)(
      reason === undefined ? title : `${title} (skipped: ${reason})`,
      () => define(open),
    );
  }
}

/** Its native part is built at installation, for the version of Node that installs it. */
export function sqliteProblem(): string | undefined {
  try {
    SqliteSaver.fromConnString(":memory:");
    return undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_DLOPEN_FAILED") throw error;
    return `better-sqlite3 was not built for Node ${process.version}`;
  }
}

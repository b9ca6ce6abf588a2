import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BaseCheckpointSaver, BaseStore } from "@langchain/langgraph-checkpoint";
import { CommandError, UsageError } from "../errors.js";

/** What a migration reads from. */
export interface Source {
  /** For people, without user and password. */
  description: string;
  saver: BaseCheckpointSaver;
  /** Undefined where that kind of source has none. */
  store: BaseStore | undefined;
  close(): Promise<void>;
}

const POSTGRES = "@langchain/langgraph-checkpoint-postgres";
const SQLITE = "@langchain/langgraph-checkpoint-sqlite";
const REDIS = "@langchain/langgraph-checkpoint-redis";

/**
 * Opens a source: `postgresql://…`, `redis://…` (LangGraph's own saver on Redis), or a file of SQLite.
 *
 * @param directory where the packages are looked for that are not installed beside this program.
 */
export async function openSource(address: string, directory: string): Promise<Source> {
  if (/^postgres(ql)?:\/\//.test(address)) return openPostgres(address, directory);
  if (/^rediss?:\/\//.test(address)) return openRedis(address, directory);
  if (/^\w+:\/\//.test(address)) {
    throw new UsageError("a source must be a postgresql:// or redis:// address, or a file of SQLite.");
  }
  return openSqlite(address.replace(/^sqlite:/, ""), directory);
}

async function openPostgres(address: string, directory: string): Promise<Source> {
  const { PostgresSaver } = await load(POSTGRES, directory);
  const saver = PostgresSaver.fromConnString(address);
  // Older versions of the package have no store.
  const { PostgresStore } = await load(`${POSTGRES}/store`, directory).catch(() => ({
    PostgresStore: undefined,
  }));
  const store = PostgresStore?.fromConnString(address);
  const close = async () => {
    await saver.end?.();
    await (store?.end?.() ?? store?.stop?.());
  };
  return { description: withoutCredentials(address), saver, store, close };
}

async function openRedis(address: string, directory: string): Promise<Source> {
  const { RedisSaver } = await load(REDIS, directory);
  const saver = await RedisSaver.fromUrl(address);
  return {
    description: withoutCredentials(address),
    saver,
    store: undefined,
    close: async () => saver.end?.(),
  };
}

async function openSqlite(path: string, directory: string): Promise<Source> {
  const { existsSync } = await import("node:fs");
  if (!existsSync(path)) throw new CommandError(`there is no file ${path}.`);
  const { SqliteSaver } = await load(SQLITE, directory);
  const saver = SqliteSaver.fromConnString(path);
  return { description: path, saver, store: undefined, close: async () => saver.db?.close?.() };
}

// biome-ignore lint/suspicious/noExplicitAny: packages that are not installed with this one
type Package = Record<string, any>;

async function load(name: string, directory: string): Promise<Package> {
  const places = [() => name, () => createRequire(join(directory, "package.json")).resolve(name)];
  for (const place of places) {
    try {
      const specifier = place();
      return (await import(specifier === name ? name : pathToFileURL(specifier).href)) as Package;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  const packageName = name.split("/").slice(0, 2).join("/");
  throw new CommandError(
    `this source needs the package ${packageName}.`,
    `Install it: npm install ${packageName}, or run npx -p langgraph-redis-cli -p ${packageName} langgraph-redis migrate …`,
  );
}

function withoutCredentials(address: string): string {
  const url = new URL(address);
  return `${url.protocol}//${url.host}${url.pathname}`;
}

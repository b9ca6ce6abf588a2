import type { RunnableConfig } from "@langchain/core/runnables";
import { type BaseCheckpointSaver, Command, MemorySaver, type StateSnapshot } from "@langchain/langgraph";
import { RedisSaver, type RedisSaverOptions } from "langgraph-redis";
import { describe, onTestFinished } from "vitest";
import { ENCRYPTION } from "../helpers/encryption.js";
import { freshPrefix, redisUrl } from "../helpers/redis.js";

/** A place of its own where threads are kept. */
export interface Storage {
  /** A saver as another process would have it: it shares what is stored, and nothing else. */
  open(): Promise<BaseCheckpointSaver>;
}

/** LangGraph's own saver: what a scenario expects has to hold for it too. */
export function memory(): Storage {
  const first = new MemorySaver();
  return {
    open: async () => Object.assign(new MemorySaver(), { storage: first.storage, writes: first.writes }),
  };
}

export interface RedisStorage extends Storage {
  readonly prefix: string;
  open(options?: RedisSaverOptions, url?: string): Promise<RedisSaver>;
}

export function redis(options: RedisSaverOptions = {}): RedisStorage {
  const prefix = freshPrefix();
  const open = async (more: RedisSaverOptions = {}, url = redisUrl()) => {
    const saver = await RedisSaver.fromConnString(url, { keyPrefix: prefix, ...options, ...more });
    onTestFinished(() => saver.end());
    return saver;
  };
  return { prefix, open };
}

const IMPLEMENTATIONS: Record<string, { storage: () => Storage; keepsHistory: boolean }> = {
  MemorySaver: { storage: memory, keepsHistory: true },
  RedisSaver: { storage: () => redis(), keepsHistory: true },
  "RedisSaver with encryption": { storage: () => redis({ encryption: ENCRYPTION }), keepsHistory: true },
  'RedisSaver with history: "latest"': { storage: () => redis({ history: "latest" }), keepsHistory: false },
};

/** Defines the same scenarios for every saver; those that look back only for savers that keep the history. */
export function withEverySaver(
  define: (newStorage: () => Storage) => void,
  { looksBack = false }: { looksBack?: boolean } = {},
): void {
  for (const [name, { storage, keepsHistory }] of Object.entries(IMPLEMENTATIONS)) {
    if (keepsHistory || !looksBack) describe(name, () => define(storage));
  }
}

/** The config of a thread. */
export function on(thread: string, more: Record<string, unknown> = {}) {
  return { configurable: { thread_id: thread, ...more } };
}

interface Graph {
  getStateHistory(config: RunnableConfig): AsyncIterableIterator<StateSnapshot>;
}

/** All checkpoints of a graph's thread, newest first. */
export async function snapshots(graph: Graph, config: RunnableConfig): Promise<StateSnapshot[]> {
  const all: StateSnapshot[] = [];
  for await (const snapshot of graph.getStateHistory(config)) all.push(snapshot);
  return all;
}

/** Input that answers the open questions of a thread. */
export function answer(resume: unknown) {
  return new Command<unknown, Record<string, never>, never>({ resume });
}

/** What of a thread's history does not depend on chance, newest first. Ids of checkpoints become places in the list. */
export async function historyOf(graph: Graph, config: RunnableConfig) {
  const all = await snapshots(graph, config);
  const ids = all.map((snapshot) => snapshot.config.configurable?.checkpoint_id);
  return all.map(({ values, next, tasks, metadata, parentConfig }) => ({
    values: plain(values),
    next,
    source: metadata?.source,
    step: metadata?.step,
    tasks: tasks.map(({ name, error, interrupts, result }) => ({
      name,
      error: error === undefined ? undefined : plain(error),
      interrupts: interrupts.map(({ value }) => value),
      result: plain(result ?? null),
    })),
    parent: parentConfig && ids.indexOf(parentConfig.configurable?.checkpoint_id),
  }));
}

/** Values as plain data. */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}

/** The texts of messages. */
export function texts(messages: readonly { content: unknown }[] | undefined): unknown[] {
  return (messages ?? []).map(({ content }) => content);
}

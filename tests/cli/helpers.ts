import { HumanMessage } from "@langchain/core/messages";
import type { Checkpoint } from "@langchain/langgraph-checkpoint";
import type { RedisSaver } from "langgraph-redis";
import { onTestFinished } from "vitest";
import { connect as connectServer } from "../../cli/src/connection.js";
import { type InspectContext, openContext } from "../../cli/src/inspect/index.js";
import { freshPrefix, redisUrl } from "../helpers/redis.js";

/** What the commands work with, on the run's server under a fresh prefix. */
export async function inspecting(url = redisUrl(), keyPrefix = freshPrefix()): Promise<InspectContext> {
  const server = await connectServer({ url }, {});
  onTestFinished(() => server.close());
  return openContext(server, keyPrefix);
}

/** The id of the nth checkpoint: ids of LangGraph grow with time. */
export const idOf = (n: number) => `1f0c5d4e-${String(n).padStart(4, "0")}-6f00-8000-000000000000`;

export interface Saved {
  n: number;
  parent?: number;
  ns?: string;
  values?: Record<string, unknown>;
  source?: "input" | "loop" | "update" | "fork";
  step?: number;
}

/** Puts one checkpoint of a thread. */
export async function save(saver: RedisSaver, threadId: string, { n, parent, ns = "", ...rest }: Saved) {
  const { values = { messages: [new HumanMessage({ id: `m${n}`, content: `Hello ${n}` })] } } = rest;
  const versions = Object.fromEntries(Object.keys(values).map((name) => [name, n + 1]));
  const checkpoint: Checkpoint = {
    v: 4,
    id: idOf(n),
    ts: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(),
    channel_values: values,
    channel_versions: versions,
    versions_seen: {},
  };
  const configurable = {
    thread_id: threadId,
    checkpoint_ns: ns,
    ...(parent !== undefined && { checkpoint_id: idOf(parent) }),
  };
  const metadata = { source: rest.source ?? "loop", step: rest.step ?? n, parents: {} } as const;
  return saver.put({ configurable }, checkpoint, metadata, versions);
}

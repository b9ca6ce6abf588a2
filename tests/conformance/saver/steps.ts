import type { RunnableConfig } from "@langchain/core/runnables";
import type {
  BaseCheckpointSaver,
  Checkpoint,
  CheckpointListOptions,
  CheckpointMetadata,
  CheckpointTuple,
} from "@langchain/langgraph-checkpoint";

/** Ids in the order of n, of the form that LangGraph's own have. */
export function id(n: number): string {
  return `1f0${n.toString(16).padStart(5, "0")}-0000-6000-8000-000000000000`;
}

export function config(thread: string, ns = "", checkpointId?: string): RunnableConfig {
  return { configurable: { thread_id: thread, checkpoint_ns: ns, checkpoint_id: checkpointId } };
}

export interface Step {
  id: string;
  parent?: string;
  values?: Record<string, unknown>;
  versions?: Checkpoint["channel_versions"];
  /** The channels that changed; by default all. */
  changed?: string[];
  metadata?: Record<string, unknown>;
  v?: number;
}

/** Puts one checkpoint, with what is not said filled in. */
export function put(
  saver: BaseCheckpointSaver,
  thread: string,
  step: Step,
  ns = "",
): Promise<RunnableConfig> {
  const values = step.values ?? {};
  const versions = step.versions ?? Object.fromEntries(Object.keys(values).map((channel) => [channel, 1]));
  const changed = step.changed ?? Object.keys(values);
  const checkpoint: Checkpoint = {
    v: step.v ?? 4,
    id: step.id,
    ts: "2026-01-01T00:00:00.000Z",
    channel_values: values,
    channel_versions: versions,
    versions_seen: {},
  };
  const metadata = { source: "loop", step: 0, parents: {}, ...step.metadata } as CheckpointMetadata;
  const newVersions = Object.fromEntries(changed.map((channel) => [channel, versions[channel] ?? 1]));
  return saver.put(config(thread, ns, step.parent), checkpoint, metadata, newVersions);
}

export async function values(saver: BaseCheckpointSaver, at: RunnableConfig): Promise<unknown> {
  return (await saver.getTuple(at))?.checkpoint.channel_values;
}

export async function list(
  saver: BaseCheckpointSaver,
  at: RunnableConfig,
  options?: CheckpointListOptions,
): Promise<CheckpointTuple[]> {
  const tuples: CheckpointTuple[] = [];
  for await (const tuple of saver.list(at, options)) tuples.push(tuple);
  return tuples;
}

export async function listIds(...args: Parameters<typeof list>): Promise<string[]> {
  return (await list(...args)).map((tuple) => tuple.checkpoint.id);
}

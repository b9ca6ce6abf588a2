import { BaseMessage } from "@langchain/core/messages";
import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { WRITES_IDX_MAP } from "@langchain/langgraph-checkpoint";
import { encodeKeyPart } from "../../../src/redis/key-encoding.js";

/** A text that two values share exactly when they are the same to a user: kinds, keys and their order included. */
export function canon(value: unknown): string {
  return JSON.stringify(spelled(value));
}

function spelled(value: unknown): unknown {
  if (value === undefined) return { $: "undefined" };
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Array.from(value, spelled);
  if (value instanceof Map) return { $: "Map", of: spelled([...value]) };
  if (value instanceof Set) return { $: "Set", of: spelled([...value]) };
  if (value instanceof Uint8Array) return { $: "bytes", of: Array.from(value) };
  if (value instanceof BaseMessage) {
    const { id, name, content, additional_kwargs, response_metadata } = value;
    const { tool_calls, tool_call_id, status, artifact } = value as unknown as Record<string, unknown>;
    return {
      $: value.getType(),
      of: Object.entries({
        ...{
          id,
          name,
          content,
          additional_kwargs,
          response_metadata,
          tool_calls,
          tool_call_id,
          status,
          artifact,
        },
      })
        .filter(([, each]) => each !== undefined)
        .map(([key, each]) => [key, spelled(each)]),
    };
  }
  return { $: "object", of: Object.entries(value).map(([key, each]) => [key, spelled(each)]) };
}

/** A checkpoint as the model holds it, its values and metadata in their canonical texts. */
export interface ModelCheckpoint {
  readonly thread: string;
  readonly ns: string;
  readonly id: string;
  readonly parent: string | undefined;
  readonly values: ReadonlyMap<string, string>;
  readonly versions: string;
  readonly metadata: Record<string, unknown>;
}

interface ModelWrite {
  readonly task: string;
  readonly path: string;
  readonly index: number;
  readonly channel: string;
  readonly value: string;
}

/** What a saver should hold, kept in the plainest way. */
export class Oracle {
  private readonly checkpoints = new Map<string, ModelCheckpoint>();
  private readonly writes = new Map<string, ModelWrite[]>();

  put(checkpoint: ModelCheckpoint): void {
    this.checkpoints.set(nameOf(checkpoint), checkpoint);
  }

  putWrites(at: Name, writes: readonly [channel: string, value: string][], task: string, path = ""): void {
    const stored = this.writes.get(nameOf(at)) ?? [];
    this.writes.set(nameOf(at), stored);
    writes.forEach(([channel, value], position) => {
      const special = Object.hasOwn(WRITES_IDX_MAP, channel);
      const index = special ? (WRITES_IDX_MAP[channel] as number) : position;
      const earlier = stored.findIndex((each) => each.task === task && each.index === index);
      if (earlier !== -1 && !special) return;
      if (earlier !== -1) stored.splice(earlier, 1);
      stored.push({ task, path, index, channel, value });
    });
  }

  deleteThread(thread: string): void {
    for (const names of [this.checkpoints, this.writes]) {
      for (const name of names.keys()) if (JSON.parse(name)[0] === thread) names.delete(name);
    }
  }

  /** Newest first, equal ids by encoded namespace. */
  list(thread: string | undefined, ns: string | undefined): ModelCheckpoint[] {
    return [...this.checkpoints.values()]
      .filter(
        (each) => (thread === undefined || each.thread === thread) && (ns === undefined || each.ns === ns),
      )
      .sort((a, b) => byBytes(b.id, a.id) || byBytes(encodeKeyPart(a.ns), encodeKeyPart(b.ns)));
  }

  get(at: Name): ModelCheckpoint | undefined {
    return this.checkpoints.get(nameOf(at));
  }

  latest(thread: string, ns: string): ModelCheckpoint | undefined {
    return this.list(thread, ns)[0];
  }

  /** The checkpoint as a text that equals {@link tupleText} of what a saver should return. */
  text(checkpoint: ModelCheckpoint): string {
    const writes = [...(this.writes.get(nameOf(checkpoint)) ?? [])].sort(
      (a, b) => byCodePoints(a.path, b.path) || byCodePoints(a.task, b.task) || a.index - b.index,
    );
    const { thread, ns, id, parent, values, versions, metadata } = checkpoint;
    return textOf(
      { thread, ns, id },
      parent,
      [...values],
      versions,
      metadata,
      writes.map(({ task, channel, value }) => [task, channel, value]),
    );
  }
}

interface Name {
  readonly thread: string;
  readonly ns: string;
  readonly id: string;
}

function nameOf({ thread, ns, id }: Name): string {
  return JSON.stringify([thread, ns, id]);
}

export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function byCodePoints(a: string, b: string): number {
  const [inA, inB] = [a, b].map((text) => [...text].map((letter) => letter.codePointAt(0) as number));
  for (const [at, code] of (inA ?? []).entries()) {
    const other = inB?.[at] ?? -1;
    if (code !== other) return code - other;
  }
  return (inA?.length ?? 0) - (inB?.length ?? 0);
}

/** All that a tuple says, as a text. */
export function tupleText(tuple: CheckpointTuple): string {
  const { thread_id: thread, checkpoint_ns: ns, checkpoint_id: id } = tuple.config.configurable ?? {};
  const { checkpoint, metadata, parentConfig, pendingWrites = [] } = tuple;
  if (checkpoint.id !== id) throw new Error("the config names another checkpoint");
  const parent = parentConfig?.configurable;
  if (parent && (parent.thread_id !== thread || parent.checkpoint_ns !== ns)) {
    throw new Error("the parent is of another thread or namespace");
  }
  return textOf(
    { thread, ns, id },
    parent?.checkpoint_id,
    Object.entries(checkpoint.channel_values).map(([channel, value]) => [channel, canon(value)]),
    canon(checkpoint.channel_versions),
    metadata,
    pendingWrites.map(([task, channel, value]) => [task, channel, canon(value)]),
  );
}

function textOf(
  name: Name,
  parent: string | undefined,
  values: [string, string][],
  versions: string,
  metadata: unknown,
  writes: unknown[],
): string {
  const sorted = values.sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(
    { name: nameOf(name), parent, values: sorted, versions, metadata: canon(metadata), writes },
    null,
    1,
  );
}

import type { RunnableConfig } from "@langchain/core/runnables";
import type { Checkpoint, CheckpointMetadata, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { Redis } from "ioredis";
import { type RedisClient, RedisSaver, type ThreadInfo } from "langgraph-redis";
import { fromIoredis } from "langgraph-redis/ioredis";
import { openClient } from "./client.js";
import type { Command, Outcome, Place, PutCommand, ThreadText, TupleText } from "./commands.js";
import { optionsOf, SAVERS, type StoreSettings } from "./savers.js";
import { brief, type ElementSpec, elementText, make, makeValue, textOf } from "./values.js";

/** The savers of one process. */
export interface Host {
  /** Prepares savers for a store. */
  open(store: StoreSettings): Promise<void>;
  /** Lets one of {@link SAVERS} carry out a command. */
  perform(keyPrefix: string, saver: number, command: Command): Promise<Outcome>;
  close(keyPrefix: string): Promise<void>;
  end(): Promise<void>;
}

/** Savers in this process. */
export async function openHost(url: string): Promise<Host> {
  const nodeRedis = await openClient(url);
  const ioredis = new Redis(url);
  ioredis.on("error", () => {});
  const clients: Record<string, RedisClient> = { "node-redis": nodeRedis, ioredis: fromIoredis(ioredis) };
  const stores = new Map<string, Store>();
  return {
    async open(store) {
      stores.set(store.keyPrefix, new Store(store, clients));
    },
    perform: (keyPrefix, saver, command) => (stores.get(keyPrefix) as Store).perform(saver, command),
    async close(keyPrefix) {
      stores.delete(keyPrefix);
    },
    async end() {
      nodeRedis.destroy();
      ioredis.disconnect();
    },
  };
}

/** The savers of one process on one store, and the state that is alive there. */
class Store {
  private readonly savers = new Map<number, RedisSaver>();
  /** Living objects by what they are. */
  private readonly elements = new Map<string, unknown>();
  /** Living lists by thread, namespace and channel. */
  private readonly lists = new Map<string, unknown[]>();

  constructor(
    private readonly store: StoreSettings,
    private readonly clients: Record<string, RedisClient>,
  ) {}

  async perform(saver: number, command: Command): Promise<Outcome> {
    try {
      return { value: (await this.carryOut(saver, command)) ?? null };
    } catch (error) {
      const { name, message, stack } = error as Error;
      return { error: name, message: name.endsWith("Error") ? message : String(stack) };
    }
  }

  private saver(at: number): RedisSaver {
    const settings = SAVERS[at] as (typeof SAVERS)[number];
    const known = settings.forgets ? undefined : this.savers.get(at);
    if (known) return known;
    const client = this.clients[settings.client] as RedisClient;
    const saver = new RedisSaver({ ...optionsOf(settings, this.store), client });
    this.savers.set(at, saver);
    return saver;
  }

  private async carryOut(at: number, command: Command): Promise<unknown> {
    const saver = this.saver(at);
    switch (command.do) {
      case "put": {
        const made = await saver.put(...this.putArguments(command));
        return made.configurable?.checkpoint_id;
      }
      case "putWrites": {
        const writes = command.writes.map(([channel, value]): [string, unknown] => [
          channel,
          this.alive(value),
        ]);
        return saver.putWrites(configOf(command), writes, command.task, command.path);
      }
      case "getTuple": {
        const tuple = await saver.getTuple(configOf(command));
        if (!tuple) return null;
        const text = toText(tuple);
        if (command.adopt) this.adopt(command, tuple);
        return text;
      }
      case "list": {
        const { thread, ns, id, before, limit, filter } = command;
        const listed: [string, TupleText][] = [];
        const config = { configurable: { thread_id: thread, checkpoint_ns: ns, checkpoint_id: id } };
        const options = {
          limit,
          filter,
          before: before === undefined ? undefined : configOf({ thread: "-", ns: "", id: before }),
        };
        for await (const tuple of saver.list(config, options)) {
          listed.push([tuple.config.configurable?.thread_id, toText(tuple)]);
        }
        return listed;
      }
      case "history": {
        const channels = [...command.channels];
        const history = await saver.getDeltaChannelHistory({ config: configOf(command), channels });
        return channels.map((channel) => {
          const { writes, ...rest } = history[channel] ?? { writes: [] };
          return [
            channel,
            writes.map(([task, name, value]) => [task, name, brief(textOf(value))]),
            "seed" in rest ? brief(textOf(rest.seed)) : null,
          ];
        });
      }
      case "copyThread":
        return saver.copyThread(command.source, command.target);
      case "deleteThread":
        return saver.deleteThread(command.thread);
      case "prune":
        return saver.prune([...command.threads], command.options as never);
      case "deleteForRuns":
        return saver.deleteForRuns([...command.runs]);
      case "expire":
        return saver.expire(command.thread, command.minutes);
      case "persist":
        return saver.persist(command.thread);
      case "listThreads": {
        const { limit, orderBy } = command;
        const threads: ThreadText[] = [];
        for (let before: ThreadInfo | undefined; ; ) {
          const page = await saver.listThreads({ limit, before, orderBy });
          for (const { threadId, createdAt, updatedAt } of page) {
            threads.push({
              thread: threadId,
              createdAt: createdAt.getTime(),
              updatedAt: updatedAt.getTime(),
            });
          }
          before = page.at(-1);
          if (page.length < limit || threads.length > 1_000) return threads;
        }
      }
      case "restart":
        this.savers.delete(at);
    }
  }

  private putArguments(
    command: PutCommand,
  ): [RunnableConfig, Checkpoint, CheckpointMetadata, Record<string, number>] {
    for (const [from, to] of command.edited) this.edit(from, to);
    const { id, versions, changed, source, run, runIn, counters, parents, step, tag } = command;
    const counted = Object.fromEntries(counters.map((channel) => [channel, [1, 1]]));
    const metadata: Record<string, unknown> = {
      ...{ source, step, parents: { ...parents }, tag, deep: { list: [1, { a: null }] } },
      ...(counters.length > 0 ? { counters_since_delta_snapshot: counted } : {}),
      ...(run !== undefined && runIn === "metadata" ? { run_id: run } : {}),
    };
    const values = command.values.map(([channel, value]): [string, unknown] => {
      const made = makeValue(value, (element) => this.alive(element));
      if (!command.inPlace || !Array.isArray(made)) return [channel, made];
      // A reducer that appends to the list that it was given.
      const key = JSON.stringify([command.thread, command.ns, channel]);
      const list = this.lists.get(key) ?? [];
      this.lists.set(key, list);
      list.splice(0, list.length, ...made);
      return [channel, list];
    });
    const config: RunnableConfig = configOf({ ...command, id: command.parent });
    if (run !== undefined && runIn === "configurable")
      Object.assign(config.configurable ?? {}, { run_id: run });
    if (run !== undefined && runIn === "config") config.metadata = { run_id: run };
    const checkpoint: Checkpoint = {
      ...{ v: 4, id, ts: tsOf(step), versions_seen: { node: { [tag]: step } } },
      channel_values: Object.fromEntries(values),
      channel_versions: { ...versions },
    };
    const newVersions =
      changed && Object.fromEntries(changed.map((channel) => [channel, versions[channel] ?? 1]));
    return [
      config,
      checkpoint,
      metadata as CheckpointMetadata,
      (newVersions ?? undefined) as Record<string, number>,
    ];
  }

  /** The living object that is this element. */
  private alive(element: ElementSpec): unknown {
    const text = elementText(element);
    if (this.elements.size > 2_000) this.elements.clear();
    const known = this.elements.get(text) ?? make(element);
    this.elements.set(text, known);
    return known;
  }

  private adopt({ thread, ns }: Place, { checkpoint }: CheckpointTuple): void {
    for (const [channel, value] of Object.entries(checkpoint.channel_values)) {
      if (!Array.isArray(value)) continue;
      this.lists.set(JSON.stringify([thread, ns, channel]), value);
      for (const element of value) this.elements.set(textOf(element), element);
    }
  }

  /** Changes a living object in place, so that it becomes another element. */
  private edit(from: ElementSpec, to: ElementSpec): void {
    const object = this.elements.get(elementText(from));
    const made = make(to);
    if (typeof object !== "object" || object === null || typeof made !== "object" || made === null) return;
    if (Object.getPrototypeOf(object) !== Object.getPrototypeOf(made)) return;
    this.elements.delete(elementText(from));
    if (object instanceof Map || object instanceof Uint8Array || Array.isArray(object)) return;
    if ("content" in made) Object.assign(object, { content: made.content });
    else Object.assign(object, made);
    if (textOf(object) === elementText(to)) this.elements.set(elementText(to), object);
  }
}

export function tsOf(step: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, step)).toISOString();
}

function configOf({ thread, ns, id }: Place): RunnableConfig {
  return { configurable: { thread_id: thread, checkpoint_ns: ns, checkpoint_id: id } };
}

function toText({
  config,
  checkpoint,
  metadata,
  parentConfig,
  pendingWrites = [],
  ...rest
}: CheckpointTuple): TupleText {
  const { channel_values, channel_versions, id, ...others } = checkpoint;
  const { thread_id, checkpoint_ns, checkpoint_id } = config.configurable ?? {};
  const parent = parentConfig?.configurable;
  if (checkpoint_id !== id) throw new Error("the config names another checkpoint");
  if (parent && (parent.thread_id !== thread_id || parent.checkpoint_ns !== checkpoint_ns)) {
    throw new Error("the parent is of another thread or namespace");
  }
  return {
    ...{ ns: checkpoint_ns, id, parent: parent?.checkpoint_id ?? null },
    values: Object.entries(channel_values)
      .map(([channel, value]) => [channel, brief(textOf(value))] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    versions: sortedJson(channel_versions),
    metadata: sortedJson(metadata),
    rest: sortedJson({ ...others, ...rest }),
    writes: pendingWrites.map(([task, channel, value]) => [task, channel, brief(textOf(value))]),
  };
}

/** JSON whose properties have one order. */
export function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

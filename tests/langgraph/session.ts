import type { RunnableConfig } from "@langchain/core/runnables";
import { Command, type StateSnapshot } from "@langchain/langgraph";
import type { Agent, Persistence, Scenario } from "./scenario.js";

/** Something that was streamed. */
type Event = [namespace: string[], mode: string, payload: unknown];

/** Everything that can be observed of one call of an agent. */
interface CallRecord {
  call: string;
  input: unknown;
  events: Event[];
  error?: string;
  state: StateSnapshot;
}

/** An agent in one process, as a scenario uses it. Records everything that can be observed. */
export class Session {
  readonly agent: Agent;
  private readonly calls: CallRecord[] = [];

  constructor(
    private readonly scenario: Scenario,
    readonly persistence: Persistence,
  ) {
    this.agent = scenario.agent(persistence);
  }

  /** Streams a run to its end. @returns the last values that were streamed, as `invoke` does. */
  async run(input: unknown, config: RunnableConfig = on("t")): Promise<Record<string, unknown>> {
    const events: Event[] = [];
    let error: string | undefined;
    try {
      const options = { ...config, streamMode: ["values", "updates"], subgraphs: true } as const;
      const stream = await this.agent.stream(input, { ...options, streamMode: [...options.streamMode] });
      for await (const event of stream) events.push(event as Event);
    } catch (thrown) {
      error = String(thrown);
    }
    const state = await this.state(config.configurable?.thread_id);
    this.calls.push({ call: "stream", input, events, ...(error === undefined ? {} : { error }), state });
    const last = events.findLast(([namespace, mode]) => namespace.length === 0 && mode === "values");
    return (last?.[2] ?? {}) as Record<string, unknown>;
  }

  /** Says something to the agent. @returns the texts of the conversation. */
  async say(text: string, thread = "t"): Promise<unknown[]> {
    await this.run(input(text), on(thread));
    return texts((await this.state(thread)).values);
  }

  /** Answers the open questions of a thread. @returns the texts of the conversation. */
  async resume(answer: unknown, config: RunnableConfig = on("t")): Promise<unknown[]> {
    await this.run(new Command({ resume: answer }), config);
    return texts((await this.state(config.configurable?.thread_id)).values);
  }

  async update(config: RunnableConfig, values: unknown, asNode?: string): Promise<RunnableConfig> {
    const updated = await this.agent.updateState(config, values, asNode);
    const state = await this.agent.getState(updated, { subgraphs: true });
    this.calls.push({ call: "update", input: values, events: [], state });
    return updated;
  }

  state(thread = "t"): Promise<StateSnapshot> {
    return this.agent.getState(on(thread), { subgraphs: true });
  }

  /** The open questions of a thread. */
  async questions(thread = "t"): Promise<{ id?: string; value?: unknown }[]> {
    return (await this.state(thread)).tasks.flatMap(({ interrupts }) => interrupts);
  }

  /** All checkpoints of a thread as the graph sees them, newest first. */
  async history(thread = "t"): Promise<StateSnapshot[]> {
    const all: StateSnapshot[] = [];
    for await (const snapshot of this.agent.getStateHistory(on(thread))) all.push(snapshot);
    return all;
  }

  /** The record of all calls, and all that the checkpointer and the store hold after them. */
  async record() {
    const { checkpointer, store } = this.persistence;
    const threads: Record<string, unknown> = {};
    for (const thread of this.scenario.threads ?? ["t"]) {
      const checkpoints: Record<string, unknown[]> = {};
      for await (const tuple of checkpointer.list(on(thread))) {
        const namespace = tuple.config.configurable?.checkpoint_ns ?? "";
        checkpoints[namespace] ??= [];
        checkpoints[namespace].push(tuple);
      }
      const newest = await checkpointer.getTuple(on(thread));
      threads[thread] = { history: await this.history(thread), checkpoints, newest };
    }
    const found = await store.search([], { limit: 1_000 });
    const items = found.map(({ namespace, key, value, createdAt, updatedAt }) => {
      return { namespace, key, value, createdAt, updatedAt };
    });
    const namespaces = await store.listNamespaces();
    return { calls: this.calls, threads, items, namespaces };
  }
}

/** Input in which the user says something. */
export function input(text: string) {
  return { messages: [{ role: "user", content: text }] };
}

/** The config of a thread. */
export function on(thread: string): RunnableConfig {
  return { configurable: { thread_id: thread } };
}

/** The texts of a conversation; calls of tools as their names. */
export function texts({ messages = [] }: Record<string, unknown>): unknown[] {
  type Message = { text: string; tool_calls?: { name: string }[] };
  return (messages as Message[]).map(
    ({ text, tool_calls = [] }) => text || tool_calls.map(({ name }) => name).join(),
  );
}

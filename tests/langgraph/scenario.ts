import type { RunnableConfig } from "@langchain/core/runnables";
import type { BaseCheckpointSaver, BaseStore, StateSnapshot } from "@langchain/langgraph";
import type { Session } from "./session.js";

/** The methods that compiled graphs, agents and workflows have in common. */
export interface Agent {
  stream(input: unknown, config: RunnableConfig & StreamOptions): Promise<AsyncIterable<unknown>>;
  getState(config: RunnableConfig, options?: { subgraphs?: boolean }): Promise<StateSnapshot>;
  getStateHistory(config: RunnableConfig): AsyncIterableIterator<StateSnapshot>;
  updateState(config: RunnableConfig, values: unknown, asNode?: string): Promise<RunnableConfig>;
}

export interface StreamOptions {
  streamMode: ("values" | "updates")[];
  subgraphs: true;
}

export interface Persistence {
  checkpointer: BaseCheckpointSaver;
  store: BaseStore;
}

/** What one process does. It finds everything that happened before in the checkpointer and the store. */
export interface Phase {
  run(session: Session): Promise<unknown>;
  /** The result of `run`, whatever the agent's state is kept in. Its ids are numbered. */
  result: unknown;
}

export interface Scenario {
  /** Completes the sentence "does the same in fresh processes as in memory: …". */
  name: string;
  /** The threads whose history is compared. Default: "t". */
  threads?: string[];
  /** Whether it goes back to older checkpoints, so that it cannot run with history "latest". */
  looksBack?: boolean;
  agent(persistence: Persistence): Agent;
  phases: Phase[];
}

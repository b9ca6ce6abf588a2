import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { expect } from "vitest";
import { list } from "./steps.js";

/** What each test is given: the saver, and a thread that no other test uses. */
export interface Given {
  readonly saver: BaseCheckpointSaver;
  readonly thread: string;
}

/** Registers a test for a statement that every saver has to fulfil, unless it is known to break it. */
export type States = (statement: string, test: (given: Given) => Promise<void>) => void;

/** States that each of these attempts is refused, and that nothing is written. */
export function statesRefusals(
  states: States,
  attempts: Record<string, (given: Given) => Promise<unknown>>,
): void {
  for (const [name, attempt] of Object.entries(attempts)) {
    states(`${name} is refused, and nothing is written`, async (given) => {
      await expect(attempt(given)).rejects.toThrow();
      expect(await list(given.saver, { configurable: { thread_id: given.thread } })).toEqual([]);
    });
  }
}

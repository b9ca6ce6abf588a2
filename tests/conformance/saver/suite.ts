import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { deltaChannelHistoryTests, specTest } from "@langchain/langgraph-checkpoint-validation";
import { describe } from "vitest";
import { WHOLE_MATRIX } from "../../helpers/matrix.js";
import { contractTests } from "./contract.js";

/** One way to run a saver: an implementation, or a mode or server of one. */
export interface SaverFactory {
  readonly name: string;
  create(): Promise<BaseCheckpointSaver>;
  destroy(saver: BaseCheckpointSaver): Promise<void>;
  /**
   * Statements of our contract that this implementation is known to break; each has to be broken indeed, so that the
   * list stays true.
   */
  readonly deviations?: readonly string[];
  /** Whether it differs from others in its connection only: `npm test` leaves out LangGraph's suite for it then. */
  readonly onlyConnection?: boolean;
}

/** LangGraph's official suite, its suite for delta channels, and the contract that we add to both. */
export function saverConformance(factory: SaverFactory): void {
  const initializer = {
    checkpointerName: factory.name,
    createCheckpointer: () => factory.create(),
    destroyCheckpointer: (saver: BaseCheckpointSaver) => factory.destroy(saver),
  };
  if (WHOLE_MATRIX || !factory.onlyConnection) {
    describe(`official suite: ${factory.name}`, () => {
      specTest(initializer);
      deltaChannelHistoryTests(initializer);
    });
  }
  describe(`contract: ${factory.name}`, () => contractTests(factory));
}

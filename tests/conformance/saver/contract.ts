import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { afterAll, beforeAll, expect, it } from "vitest";
import { deleteThreadTests } from "./delete-thread-tests.js";
import { getTupleTests } from "./get-tuple-tests.js";
import { listTests } from "./list-tests.js";
import { putTests } from "./put-tests.js";
import { putWritesTests } from "./put-writes-tests.js";
import type { Given } from "./states.js";
import type { SaverFactory } from "./suite.js";

/** What users of a checkpointer rely on, beyond the official suite. */
export function contractTests(factory: SaverFactory): void {
  let saver: BaseCheckpointSaver;
  let count = 0;
  beforeAll(async () => {
    saver = await factory.create();
  });
  afterAll(() => factory.destroy(saver));

  const deviations = new Set(factory.deviations);
  const states = (statement: string, test: (given: Given) => Promise<void>) => {
    const run = () => test({ saver, thread: `thread-${count++}` });
    if (deviations.delete(statement)) it.fails(`${statement} (known to break)`, run);
    else it(statement, run);
  };
  putTests(states);
  getTupleTests(states);
  listTests(states);
  putWritesTests(states);
  deleteThreadTests(states);

  it("no deviation is claimed that is not stated here", () => {
    expect([...deviations]).toEqual([]);
  });
}

import type { BaseStore } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { WHOLE_MATRIX } from "../../helpers/matrix.js";
import { clearLatestPrefix } from "../../helpers/redis.js";
import type { FakeEmbeddings } from "../../store/fake-embeddings.js";
import { batchTests } from "./batch-tests.js";
import { filterTests } from "./filter-tests.js";
import { itemTests } from "./item-tests.js";
import { namespaceTests } from "./namespace-tests.js";
import { searchTests } from "./search-tests.js";
import { semanticTests } from "./semantic-tests.js";

/** How a store under test is to be configured; every implementation can do this much. */
export interface StoreSetup {
  embeddings?: FakeEmbeddings;
  fields?: string[];
  /** Declared for ranges where the implementation has such a thing. */
  numericFields?: string[];
}

/** An implementation of BaseStore that the suite runs over. */
export interface StoreFactory {
  name: string;
  /** Whether the statements are checked side by side: for servers that answer late. */
  concurrent?: boolean;
  /** A new, empty store. */
  create(setup: StoreSetup): Promise<BaseStore>;
  destroy(store: BaseStore): Promise<void>;
  /**
   * Where the implementation is known to break the contract: name of the test, and what it does instead. Such a test
   * has to fail.
   */
  deviations?: Readonly<Record<string, string>>;
  /** Whether it differs from others in its connection only: `npm test` leaves out the rules of filters for it then. */
  onlyConnection?: boolean;
}

/** What the parts of the suite are written with. */
export interface Suite {
  /** One statement of the contract, about a store of its own. */
  holds(says: string, setup: StoreSetup, check: (store: BaseStore) => Promise<void>): void;
}

/** The contract of BaseStore, as statements about any implementation of it. */
export function storeConformance(factory: StoreFactory): void {
  const unused = new Set(Object.keys(factory.deviations ?? {}));
  const suite: Suite = {
    holds(says, setup, check) {
      const deviation = factory.deviations?.[says];
      unused.delete(says);
      const plain = factory.concurrent ? test.concurrent : test;
      const run = deviation === undefined ? plain : plain.fails;
      run(deviation === undefined ? says : `${says} — not so here: ${deviation}`, async () => {
        const store = await factory.create(setup);
        try {
          await check(store);
        } finally {
          await factory.destroy(store);
          if (!factory.concurrent) await clearLatestPrefix();
        }
      });
    },
  };
  describe(`the contract of a store, kept by ${factory.name}`, () => {
    itemTests(suite);
    batchTests(suite);
    searchTests(suite);
    if (WHOLE_MATRIX || !factory.onlyConnection) filterTests(suite);
    semanticTests(suite);
    namespaceTests(suite);
    test("every deviation names a statement of the contract", () => {
      expect([...unused]).toEqual([]);
    });
  });
}

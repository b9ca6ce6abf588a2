import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import { CommandError, UsageError } from "./errors.js";

/** What makes vectors of texts, as the options of a command say. */
export interface EmbeddingsOptions {
  /** Path of a module whose default export is a LangChain `Embeddings`, or a function that makes one. */
  embeddings?: string | undefined;
  /** The name of OpenAI's model, for the key in OPENAI_API_KEY. */
  openaiModel?: string | undefined;
}

/**
 * The embedding model that was named, if one was. With a key of OpenAI's it is their model of the name that the index has, when it
 * is one of theirs.
 *
 * @throws {UsageError} when the module cannot be used.
 */
export async function loadEmbeddings(
  { embeddings: path, openaiModel }: EmbeddingsOptions,
  env: NodeJS.ProcessEnv,
  ofIndex: { dims: number | null; model: string | null },
): Promise<EmbeddingsInterface | undefined> {
  if (path !== undefined) return loadModule(path);
  if (!env.OPENAI_API_KEY || ofIndex.dims === null) return undefined;
  const named = ofIndex.model?.startsWith("text-embedding") ? ofIndex.model : "text-embedding-3-small";
  return openAIEmbeddings(openaiModel ?? named, ofIndex.dims, env);
}

async function loadModule(path: string): Promise<EmbeddingsInterface> {
  let loaded: unknown;
  try {
    ({ default: loaded } = await import(pathToFileURL(resolve(path)).href));
    if (typeof loaded === "function") loaded = await loaded();
  } catch (cause) {
    throw new UsageError(`--embeddings: ${path} cannot be loaded: ${(cause as Error).message}`);
  }
  const { embedQuery, embedDocuments } = (loaded ?? {}) as Partial<EmbeddingsInterface>;
  if (typeof embedQuery === "function" && typeof embedDocuments === "function")
    return loaded as EmbeddingsInterface;
  throw new UsageError(
    `--embeddings: the default export of ${path} must be a LangChain Embeddings.`,
    'Example: export default new OpenAIEmbeddings({ model: "text-embedding-3-small" });',
  );
}

function openAIEmbeddings(model: string, dimensions: number, env: NodeJS.ProcessEnv): EmbeddingsInterface {
  const base = env.OPENAI_BASE_URL || "https://api.openai.com/v1";
  const embedDocuments = async (input: string[]) => {
    const response = await fetch(`${base.replace(/\/$/, "")}/embeddings`, {
      method: "POST",
      headers: { authorization: `Bearer ${env.OPENAI_API_KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ model, input, ...(/-3-/.test(model) && { dimensions }) }),
    });
    if (!response.ok) throw new CommandError(`the model ${model} was refused: HTTP ${response.status}.`);
    const { data } = (await response.json()) as { data: { index: number; embedding: number[] }[] };
    return data.sort((a, b) => a.index - b.index).map(({ embedding }) => embedding);
  };
  return { embedDocuments, embedQuery: async (text) => (await embedDocuments([text]))[0] as number[] };
}

/** Gives this vector for every query. */
export function fixedVector(vector: number[]): EmbeddingsInterface {
  return { embedQuery: async () => vector, embedDocuments: async (texts) => texts.map(() => vector) };
}

/** Stands for a model where none is needed. */
export const NO_EMBEDDINGS: EmbeddingsInterface = {
  embedQuery: () => Promise.reject(new Error(NEEDED)),
  embedDocuments: () => Promise.reject(new Error(NEEDED)),
};

const NEEDED = "an embedding model is needed: name one with --embeddings, or set OPENAI_API_KEY";

import { quote } from "../../describe.js";
import type { StoreContext } from "../context.js";
import { extractTexts } from "../embedding/field-path.js";
import { InvalidVectorError } from "../errors.js";
import type { TextVector } from "../items/index-document.js";
import { asError, type Outcome } from "../pipeline.js";
import type { IndexedRequest, PutRequest } from "../requests.js";

/** The vectors that a batch needs, by position in the batch. */
export interface Embedded {
  /** For puts. */
  texts: Map<number, Outcome<TextVector[]>>;
  /** For searches that need a vector. */
  queries: Map<number, Outcome<Float32Array>>;
}

/** Embeds all texts of a batch in one call, and each distinct query in one. What fails, fails for those who need it. */
export async function embedBatch(
  { embedder, settings: { vectors } }: StoreContext,
  requests: readonly IndexedRequest[],
): Promise<Embedded> {
  const embedded: Embedded = { texts: new Map(), queries: new Map() };
  if (!embedder || !vectors) return embedded;
  const puts: { position: number; request: PutRequest; texts: string[] }[] = [];
  const queries = new Map<string, number[]>();
  for (const { position, request } of requests) {
    if (request.kind === "put") {
      const texts = extractTexts(request.value, request.fields ?? vectors.fields);
      if (texts.length > 0) puts.push({ position, request, texts });
    } else if (request.kind === "search" && request.query !== undefined && request.mode !== "text") {
      queries.set(request.query, [...(queries.get(request.query) ?? []), position]);
    }
  }

  const embedTexts = async () => {
    if (puts.length === 0) return;
    const known = await attempt(() => embedder.embedTexts(puts.flatMap(({ texts }) => texts)));
    for (const { position, request, texts } of puts) {
      embedded.texts.set(position, known.ok ? pick(request, texts, known.value) : known);
    }
  };
  const embedQuery = async ([query, positions]: [string, number[]]) => {
    const vector = await attempt(() => embedder.embedQuery(query));
    for (const position of positions) embedded.queries.set(position, vector);
  };
  await Promise.all([embedTexts(), ...[...queries].map(embedQuery)]);
  return embedded;
}

function pick(
  { namespace, key }: PutRequest,
  texts: readonly string[],
  known: ReadonlyMap<string, Float32Array | InvalidVectorError>,
): Outcome<TextVector[]> {
  const vectors: TextVector[] = [];
  for (const text of texts) {
    const vector = known.get(text);
    if (vector instanceof Float32Array) vectors.push({ text, vector });
    else {
      const problem = `item ${quote(key)} in namespace ${quote(namespace)} was not written: ${vector?.message}`;
      return { ok: false, error: new InvalidVectorError(problem, { cause: vector }) };
    }
  }
  return { ok: true, value: vectors };
}

async function attempt<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: asError(error) };
  }
}

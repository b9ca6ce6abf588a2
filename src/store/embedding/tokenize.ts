const WORD = /[\p{L}\p{N}\p{M}_]+/gu;

/** A longer query says nothing more clearly, and each word costs. */
const MOST_QUERY_WORDS = 100;

/**
 * The words of a text, for text search: runs of letters, digits, marks and underscores, in lower case. Everything
 * else separates. Texts are indexed as these words and queries are made of them, so no character of either can mean
 * anything to a query parser.
 */
export function tokenize(text: string): string[] {
  return text.normalize("NFKC").toLowerCase().match(WORD) ?? [];
}

/** The distinct words of a query, the first hundred of them. */
export function queryWords(query: string): string[] {
  return [...new Set(tokenize(query))].slice(0, MOST_QUERY_WORDS);
}

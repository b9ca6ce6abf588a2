/** How many characters of a text are looked at, so that the work is bounded. */
export const MOST_CHARACTERS = 100_000;

/** A longer query says nothing more clearly, and each word costs. */
const MOST_QUERY_WORDS = 100;

/** Longer words count by their beginning. */
const LONGEST_WORD = 64;

/** An emoji with its tone and what it is joined with, or a flag. */
const EMOJI =
  "\\p{Extended_Pictographic}(?:\\p{Emoji_Modifier}|\\u200d\\p{Extended_Pictographic})*|\\p{Regional_Indicator}{2}";

/** Runs of letters, digits, marks and underscores, and emoji. */
const RUN = new RegExp(`[\\p{L}\\p{N}_][\\p{L}\\p{N}\\p{M}_]*|${EMOJI}`, "gu");

/** What does not make another word: how an emoji is drawn, where a word may be hyphenated, how letters are joined. */
const INVISIBLE = /[\ufe0e\ufe0f\u00ad]|(?<=[\p{L}\p{M}])[\u200c\u200d]/gu;

/** Scripts that are written without spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Of one language, so that words are the same whatever the process's own; dictionaries are used by script. */
const SEGMENTER = new Intl.Segmenter("en", { granularity: "word" });

/** The segmenter's work grows with the square of the length of a text: it is given this much at a time. */
const PIECE = 128;

/**
 * The words of a text, in lower case and one Unicode form: runs of letters, digits, marks and underscores, cut further
 * by dictionary where a script has no spaces, and emoji. Everything else separates. Texts are indexed as these words
 * and queries are made of them, so no character of either can mean anything to a query parser.
 */
export function* wordsOf(text: string): Generator<string> {
  const normal = text.slice(0, MOST_CHARACTERS).normalize("NFKC").replace(INVISIBLE, "").toLowerCase();
  for (const [run] of normal.matchAll(RUN)) {
    if (UNSPACED.test(run)) for (const word of segment(run)) yield shorten(word);
    else yield shorten(run);
  }
}

/** The distinct words of a query, the first hundred of them. */
export function queryWords(query: string): string[] {
  const words = new Set<string>();
  for (const word of wordsOf(query)) if (words.add(word).size === MOST_QUERY_WORDS) break;
  return [...words];
}

function* segment(run: string): Generator<string> {
  for (let from = 0; from < run.length; ) {
    const segments = [...SEGMENTER.segment(run.slice(from, from + PIECE))];
    // The last word may go on behind the piece: it is the first one of the next.
    if (from + PIECE < run.length && segments.length > 1) segments.pop();
    for (const { segment, isWordLike } of segments) if (isWordLike) yield segment;
    from += segments.reduce((length, { segment }) => length + segment.length, 0);
  }
}

function shorten(word: string): string {
  return word.length <= LONGEST_WORD ? word : word.slice(0, LONGEST_WORD).replace(HALF_CHARACTER, "");
}

/** The first half of a surrogate pair, without the second. */
const HALF_CHARACTER = /[\ud800-\udbff]$/;

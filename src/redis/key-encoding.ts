const PLAIN = /^[A-Za-z0-9_-]*$/;
const SPECIAL = /[^A-Za-z0-9_-]/gu;

/**
 * Encodes one user-given string (a thread id, a namespace label, an item key) for use inside a Redis key.
 *
 * The encoding is injective: distinct inputs give distinct outputs. The output consists of `A-Z a-z 0-9 _ - %`
 * only, so it can neither contain one of our separators nor a brace, glob or space. Everything else is
 * percent-encoded as UTF-8; half of a surrogate pair, which UTF-8 cannot express, becomes `%uXXXX`.
 */
export function encodeKeyPart(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(SPECIAL, (char) => {
    const code = char.charCodeAt(0);
    if (code < ASCII.length) return ASCII[code] as string;
    if (char.length === 1 && code >= 0xd800 && code <= 0xdfff) {
      return `%u${code.toString(16).toUpperCase()}`;
    }
    return encodeURIComponent(char);
  });
}

/** The percent-encodings of one byte, which are those of ASCII. */
const ASCII = Array.from(
  { length: 128 },
  (_, code) => `%${code.toString(16).toUpperCase().padStart(2, "0")}`,
);

/** The inverse of {@link encodeKeyPart}. */
export function decodeKeyPart(encoded: string): string {
  if (!encoded.includes("%")) return encoded;
  return encoded
    .split(/%u([0-9A-F]{4})/)
    .map((part, index) =>
      index % 2 === 1 ? String.fromCharCode(Number.parseInt(part, 16)) : decodeURIComponent(part),
    )
    .join("");
}

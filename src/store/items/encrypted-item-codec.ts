import type { Cipher } from "../../encryption/cipher.js";
import type { Arg, Reply } from "../../redis/command.js";
import { encodeNamespace } from "../namespaces/encoding.js";
import {
  type ContentField,
  DIGEST_LENGTH,
  type ItemCodec,
  type ItemName,
  openItem,
  plainDigest,
  type StoredItemName,
  type TermKind,
  toBytes,
} from "./item-codec.js";

/** Characters of base64url: 96 bits of a token, 84 of a word, 132 of a text. */
const LENGTHS: Readonly<Record<TermKind, number>> = { token: 16, word: 14, text: DIGEST_LENGTH };

/** How many terms of a kind are remembered with their digests: values have paths and words in common. */
const MOST_REMEMBERED = 20_000;

/**
 * Content that is encrypted for its place: one item, one field. What it is found by are digests with a key, which are equal
 * where their terms are, in all namespaces, and tell nothing else.
 */
export class EncryptedItemCodec implements ItemCodec {
  readonly isEncrypted = true;
  readonly #cipher: Cipher;
  readonly #remembered = { token: new Map<string, string>(), word: new Map<string, string>() };

  constructor(cipher: Cipher) {
    this.#cipher = cipher;
  }

  get readsPlaintext(): boolean {
    return this.#cipher.allowPlaintext;
  }

  encode(text: string, item: ItemName, field: ContentField): Arg {
    return this.#cipherOf(item).seal(Buffer.from(text), placeOf(item, field));
  }

  decode(stored: Exclude<Reply, null>, item: StoredItemName, field: ContentField): string {
    return openItem(item, () => this.#cipherOf(item).open(toBytes(stored), placeOf(item, field)));
  }

  isCurrent(stored: Exclude<Reply, null>): boolean {
    return this.#cipher.isCurrent(toBytes(stored));
  }

  /** Tokens and words are sorted: their order would tell of the value's. */
  terms(kind: TermKind, contents: readonly string[]): readonly string[] {
    const terms = contents.map((content) => this.#term(kind, content));
    return kind === "text" ? terms : terms.sort();
  }

  forms(kind: TermKind, content: string): readonly string[] {
    const forms = this.#cipher
      .digests(content, [kind], LENGTHS[kind])
      .map((digest) => (kind === "word" ? toWord(digest) : digest));
    if (this.readsPlaintext) forms.push(kind === "text" ? plainDigest(content) : content);
    return forms;
  }

  #term(kind: TermKind, content: string): string {
    const remembered = kind === "text" ? undefined : this.#remembered[kind];
    const known = remembered?.get(content);
    if (known !== undefined) return known;
    const digest = this.#cipher.digest(content, [kind], LENGTHS[kind]);
    const term = kind === "word" ? toWord(digest) : digest;
    if (remembered && remembered.size >= MOST_REMEMBERED) remembered.clear();
    remembered?.set(content, term);
    return term;
  }

  /** Each namespace has keys of its own, so that none encrypts too many values. */
  #cipherOf({ namespace }: ItemName): Cipher {
    return this.#cipher.within(encodeNamespace(namespace));
  }
}

function placeOf({ namespace, key }: ItemName, field: ContentField): string[] {
  return ["item", ...namespace, key, field];
}

/** A digest as a word for a search engine, which takes capital letters for small ones: 80 bits in 16 letters and digits. */
function toWord(digest: string): string {
  const bytes = Buffer.from(digest, "base64url");
  return half(bytes.readUIntBE(0, 5)) + half(bytes.readUIntBE(5, 5));
}

function half(bits: number): string {
  return bits.toString(32).padStart(8, "0");
}

import { type Cipher, openPlain } from "../encryption/cipher.js";
import type { Keyring } from "../encryption/keyring.js";
import { encodeKeyPart } from "../redis/key-encoding.js";

/** How the entries of a cache are named and stored: as they are, or encrypted. */
export interface EntryCodec {
  /** To be awaited before anything else; undefined when there is nothing to wait for. @throws {EncryptionError} */
  ready(): Promise<void> | undefined;
  /**
   * The fields under which an entry may be found, that under which it is stored first.
   *
   * @param namespace the namespace's name.
   */
  fieldsOf(namespace: string, key: string): readonly [current: string, ...former: string[]];
  seal(namespace: string, key: string, plaintext: Buffer): Buffer;
  /** @throws {EncryptionError} */
  open(namespace: string, key: string, stored: Buffer): Buffer;
}

export function createEntryCodec(keyring: Keyring | undefined): EntryCodec {
  return keyring ? new EncryptedEntries(keyring) : PLAIN_ENTRIES;
}

const PLAIN_ENTRIES: EntryCodec = {
  ready: () => undefined,
  fieldsOf: (_, key) => [encodeKeyPart(key)],
  seal: (_namespace, _key, plaintext) => plaintext,
  open: (_namespace, _key, stored) => openPlain(stored),
};

/** Characters of a digest: 132 bits, by which no two keys meet. */
const FIELD_LENGTH = 22;

/**
 * Entries under keyed digests of their keys, which LangGraph makes from inputs that could be guessed. An entry is bound to its
 * namespace and its key. When it expires is not bound to it: scripts write that.
 */
class EncryptedEntries implements EntryCodec {
  readonly #cipher: Cipher;

  constructor(private readonly keyring: Keyring) {
    this.#cipher = keyring.cipher("cache");
  }

  ready(): Promise<void> | undefined {
    return this.keyring.ready();
  }

  fieldsOf(namespace: string, key: string): [string, ...string[]] {
    // As bytes, halves of surrogate pairs would be the same.
    const plain = encodeKeyPart(key);
    const fields = this.#cipher.within(namespace).digests(plain, ["key"], FIELD_LENGTH);
    if (this.#cipher.allowPlaintext) fields.push(plain);
    return fields as [string, ...string[]];
  }

  seal(namespace: string, key: string, plaintext: Buffer): Buffer {
    return this.#scopeOf(namespace, key).seal(plaintext, ["entry", key]);
  }

  open(namespace: string, key: string, stored: Buffer): Buffer {
    return this.#scopeOf(namespace, key).open(stored, ["entry", key]);
  }

  /** One of 64 for each namespace: a busy node stores more values than one key may seal. */
  #scopeOf(namespace: string, key: string): Cipher {
    let sum = 0;
    for (let at = 0; at < key.length; at++) sum = (sum * 31 + key.charCodeAt(at)) % 64;
    return this.#cipher.within(namespace).within(String(sum));
  }
}

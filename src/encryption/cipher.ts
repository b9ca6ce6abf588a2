import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { EncryptionError } from "../errors.js";
import { isKeyId } from "./options.js";

/**
 * A sealed value: the tag, the length of the key's id, the id, which are its head; then nonce, ciphertext and authentication tag.
 *
 * The associated data are the key's id and the place where the value is stored, so that it is refused in any other place.
 * Nothing that is stored without encryption begins with the tag.
 */
const SEALED = 0x02;

const ALGORITHM = "aes-256-gcm";
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/** How many bytes longer than its plaintext an encrypted value is, beside its head. */
export const OVERHEAD = NONCE_LENGTH + TAG_LENGTH;

/** What is derived from one key: it is not used for two things itself. */
export interface DerivedKeys {
  readonly encryption: KeyObject;
  readonly digests: KeyObject;
}

/** The keys that a cipher works with. */
export interface KeySource {
  /** The ids of all keys, that of the current one first. */
  readonly ids: readonly [current: string, ...others: string[]];
  readonly allowPlaintext: boolean;
  /** @returns undefined when there is no such key. */
  keysOf(id: string): DerivedKeys | undefined;
}

/** How many scopes keep their keys. To derive them takes some microseconds. */
const MAX_SCOPES = 1_000;

/**
 * Seals and opens values, and computes keyed digests.
 *
 * Errors do not say where a value was found: the caller knows, and adds it with `EncryptionError.at`.
 */
export class Cipher {
  /** What values that are sealed with the current key begin with. */
  readonly head: Buffer;
  readonly #source: KeySource;
  readonly #scopes = new Map<string, Cipher>();

  constructor(source: KeySource) {
    this.#source = source;
    const id = Buffer.from(this.keyId, "latin1");
    this.head = Buffer.concat([Buffer.from([SEALED, id.length]), id]);
  }

  /** The id of the current key. */
  get keyId(): string {
    return this.#source.ids[0];
  }

  /** Whether values that are not encrypted are read. */
  get allowPlaintext(): boolean {
    return this.#source.allowPlaintext;
  }

  /**
   * A cipher with keys of its own for a part of what is stored, such as a thread. Nonces are random, which is safe for 2^32 values
   * with one key; so what is sealed with one has to be bounded. Digests of different scopes have nothing in common.
   */
  within(scope: string): Cipher {
    let cipher = this.#scopes.get(scope);
    if (!cipher) {
      if (this.#scopes.size >= MAX_SCOPES) this.#scopes.clear();
      cipher = new Cipher(scoped(this.#source, scope));
      this.#scopes.set(scope, cipher);
    }
    return cipher;
  }

  seal(plaintext: Uint8Array, place: readonly string[]): Buffer {
    return Buffer.concat([this.head, this.encrypt(plaintext, place)]);
  }

  /** What was sealed for this place. Plaintext is as it is, where it is allowed. @throws {EncryptionError} */
  open(stored: Buffer, place: readonly string[]): Buffer {
    if (!isSealed(stored)) {
      this.checkPlaintextAllowed();
      return stored;
    }
    const { keyId, length } = readHead(stored);
    return this.decrypt(keyId, stored.subarray(length), place);
  }

  /** @throws {EncryptionError} unless values that are not encrypted are read. */
  checkPlaintextAllowed(): void {
    if (this.allowPlaintext) return;
    throw new EncryptionError(
      "it is not encrypted, and could have been put there by anybody. " +
        "While data from before encryption are being encrypted, set encryption.allowPlaintext",
    );
  }

  /** Whether a value is sealed with the current key. */
  isCurrent(stored: Buffer): boolean {
    return stored.length > this.head.length && stored.subarray(0, this.head.length).equals(this.head);
  }

  /** As {@link seal}, without the head. */
  encrypt(plaintext: Uint8Array, place: readonly string[]): Buffer {
    const nonce = randomNonce();
    const { encryption } = this.#keysOf(this.keyId);
    const cipher = createCipheriv(ALGORITHM, encryption, nonce, { authTagLength: TAG_LENGTH });
    cipher.setAAD(associatedData(this.keyId, place));
    const ciphertext = cipher.update(plaintext);
    cipher.final(); // gives no bytes in this mode
    return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]);
  }

  /** The inverse of {@link encrypt}. @throws {EncryptionError} */
  decrypt(keyId: string, encrypted: Buffer, place: readonly string[]): Buffer {
    const { encryption } = this.#keysOf(keyId);
    const end = encrypted.length - TAG_LENGTH;
    if (end < NONCE_LENGTH) throw refused(keyId);
    const nonce = encrypted.subarray(0, NONCE_LENGTH);
    const decipher = createDecipheriv(ALGORITHM, encryption, nonce, { authTagLength: TAG_LENGTH });
    decipher.setAAD(associatedData(keyId, place));
    decipher.setAuthTag(encrypted.subarray(end));
    const plaintext = decipher.update(encrypted.subarray(NONCE_LENGTH, end));
    try {
      decipher.final();
    } catch {
      throw refused(keyId);
    }
    return plaintext;
  }

  /**
   * A digest that nobody can compute or guess a content from without the key: so many characters of base64url, of an HMAC-SHA256 with the
   * current key.
   *
   * @param place keeps digests apart that are used for different things.
   */
  digest(content: string | Uint8Array, place: readonly string[], length: number): string {
    return this.#digest(this.keyId, content, place, length);
  }

  /** The digests that were used for a content, one for each key, that of the current one first. */
  digests(content: string | Uint8Array, place: readonly string[], length: number): string[] {
    return this.#source.ids.map((id) => this.#digest(id, content, place, length));
  }

  /** What tells two keys of one id apart, by their ids, that of the current one first. */
  fingerprints(): ReadonlyMap<string, string> {
    return new Map(this.#source.ids.map((id) => [id, this.#digest(id, "", ["fingerprint"], 16)]));
  }

  #digest(id: string, content: string | Uint8Array, place: readonly string[], length: number): string {
    const { digests } = this.#keysOf(id);
    // The text of a place contains no NUL, which therefore ends it.
    const hmac = createHmac("sha256", digests).update(`${JSON.stringify(place)}\0`);
    return hmac.update(content).digest("base64url").slice(0, length);
  }

  #keysOf(id: string): DerivedKeys {
    const keys = this.#source.keysOf(id);
    if (keys) return keys;
    throw new EncryptionError(
      `it is encrypted with the key ${JSON.stringify(id)}, which is not in encryption.keys. Add it there`,
      { keyId: id },
    );
  }
}

function refused(keyId: string): EncryptionError {
  return new EncryptionError(
    `it cannot be decrypted with the key ${JSON.stringify(keyId)}: that is not the key that it was encrypted with, ` +
      "or it was altered, or moved here from another place",
    { keyId },
  );
}

/** Different lists of strings give different bytes; halves of surrogate pairs are escaped. */
function associatedData(keyId: string, place: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify([keyId, ...place]), "utf8");
}

/** Whether bytes were sealed, with whatever key. */
export function isSealed(stored: Uint8Array): boolean {
  return stored[0] === SEALED;
}

/** The key that a sealed value names, and where its head ends. @throws {EncryptionError} */
export function readHead(stored: Buffer): { readonly keyId: string; readonly length: number } {
  const length = 2 + (stored[1] ?? 0);
  const keyId = stored.toString("latin1", 2, length);
  if (stored.length < length || !isKeyId(keyId)) {
    throw new EncryptionError("it begins as an encrypted value does, but names no key: it was altered");
  }
  return { keyId, length };
}

/** For those who have no keys. @returns what is not sealed as it is. @throws {EncryptionError} */
export function openPlain(stored: Buffer): Buffer {
  if (!isSealed(stored)) return stored;
  const { keyId } = readHead(stored);
  throw new EncryptionError(
    `it is encrypted with the key ${JSON.stringify(keyId)}. Give that key with the option \`encryption\``,
    { keyId },
  );
}

/** Keys of a scope, derived from those of what it is a part of. */
function scoped(source: KeySource, scope: string): KeySource {
  const keysOf = remembering((id) => {
    const keys = source.keysOf(id);
    return keys && { encryption: derive(keys.encryption, scope), digests: derive(keys.digests, scope) };
  });
  return { ids: source.ids, allowPlaintext: source.allowPlaintext, keysOf };
}

function derive(key: KeyObject, scope: string): KeyObject {
  return createSecretKey(
    createHmac("sha256", key)
      .update(JSON.stringify([scope]))
      .digest(),
  );
}

/** Remembers the keys that were found. */
export function remembering(find: KeySource["keysOf"]): KeySource["keysOf"] {
  const found = new Map<string, DerivedKeys>();
  return (id) => {
    let keys = found.get(id);
    if (!keys) {
      keys = find(id);
      if (keys) found.set(id, keys);
    }
    return keys;
  };
}

/** Random bytes are made for many nonces at once, which is several times faster. */
let random = Buffer.alloc(0);

function randomNonce(): Buffer {
  if (random.length === 0) random = randomBytes(200 * NONCE_LENGTH);
  const nonce = random.subarray(0, NONCE_LENGTH);
  random = random.subarray(NONCE_LENGTH);
  return nonce;
}

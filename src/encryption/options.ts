import { createSecretKey, type KeyObject } from "node:crypto";
import { types } from "node:util";
import { describe, quote } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { isPlainObject } from "../plain-object.js";
import { checkKnownOptions, type KnownOptions } from "../redis/known-options.js";

/**
 * A key of 32 random bytes: the bytes, or their base64 or base64url (`openssl rand -base64 32`), or a function that fetches
 * one of these, from a key management service for example.
 */
export type EncryptionKey = Uint8Array | string | (() => Promise<Uint8Array | string>);

/**
 * Encryption of all that holds content of a user's, with AES-256-GCM.
 *
 * @example
 * ```ts
 * import type { EncryptionOptions } from "langgraph-redis";
 *
 * const encryption: EncryptionOptions = {
 *   keys: { "2026-11": process.env.KEY_2026_11 ?? "", "2026-05": process.env.KEY_2026_05 ?? "" },
 *   current: "2026-11",
 * };
 * ```
 */
export interface EncryptionOptions {
  /**
   * The keys by their ids. An id has 1 to 64 characters of ASCII, without spaces, and is readable beside each value that was encrypted with
   * its key; what looks like a key itself is refused as an id. A key that is replaced gets a new id. The bytes are copied, so that they may be overwritten. Functions are
   * called once each: by `fromConnString` and the like before they resolve; where a client of your own is passed, by
   * the first operation, which reads its values after that. One that fails, or gives nothing for `commandTimeout`, fails what waits
   * for it, and is called again by the next operation.
   */
  keys: Readonly<Record<string, EncryptionKey>>;
  /** The id of the key that encrypts what is written. All keys decrypt. */
  current: string;
  /**
   * Whether what is stored without encryption is read as well, while it is being encrypted. Otherwise it is refused, since
   * everybody who can write to Redis could have put it there. Default: false.
   */
  allowPlaintext?: boolean;
}

const ENCRYPTION_OPTIONS: KnownOptions<EncryptionOptions> = {
  keys: true,
  current: true,
  allowPlaintext: true,
};

/** Fetches what a key is made from. */
export type KeyFunction = () => unknown;

/** The options, checked, with copies of the keys that were given. */
export interface EncryptionSettings {
  readonly keys: ReadonlyMap<string, KeyObject | KeyFunction>;
  readonly current: string;
  readonly allowPlaintext: boolean;
}

/** @throws {InvalidInputError} naming the option, and the id of a key, never the key. */
export function readEncryptionOptions(options: EncryptionOptions): EncryptionSettings {
  checkKnownOptions(options ?? null, ENCRYPTION_OPTIONS, "encryption");
  const { current, allowPlaintext = false } = options;
  const keys = readKeys(options.keys);
  if (typeof current !== "string" || !keys.has(current)) {
    throw new InvalidInputError(
      `encryption.current must be the id of one of encryption.keys, got ${describeKeyId(current)}.`,
    );
  }
  if (typeof allowPlaintext !== "boolean") {
    throw new InvalidInputError(
      `encryption.allowPlaintext must be true or false, got ${describe(allowPlaintext)}.`,
    );
  }
  return { keys, current, allowPlaintext };
}

const EXAMPLE = 'Example: { keys: { "2026-11": key }, current: "2026-11" }.';

function readKeys(keys: unknown): Map<string, KeyObject | KeyFunction> {
  if (!isPlainObject(keys) || Object.keys(keys).length === 0) {
    throw new InvalidInputError(
      `encryption.keys must be an object with a key under each id, got ${describe(keys)}. ${EXAMPLE}`,
    );
  }
  return new Map(
    Object.entries(keys).map(([id, key]): [string, KeyObject | KeyFunction] => {
      if (!isKeyId(id)) {
        throw new InvalidInputError(
          `an id in encryption.keys must have 1 to 64 characters of ASCII without spaces, got ${describe(id)}. ${EXAMPLE}`,
        );
      }
      if (looksLikeKey(id)) {
        throw new InvalidInputError(
          `an id in encryption.keys looks like a key itself. Ids are readable beside each value. ${EXAMPLE}`,
        );
      }
      if (typeof key === "function") return [id, key as KeyFunction];
      const read = readKey(key);
      if (typeof read !== "string") return [id, read];
      throw new InvalidInputError(`${nameOfKey(id)} must be ${KEY_FORMS}, or a function; got ${read}.`);
    }),
  );
}

/** How messages name a key. */
export function nameOfKey(id: string): string {
  return `encryption.keys[${JSON.stringify(id)}]`;
}

export const KEY_FORMS = "32 bytes, or their base64 (as `openssl rand -base64 32` prints it)";

export function isKeyId(id: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(id);
}

const KEY_BYTES = 32;
const BASE64 = /^(?:[A-Za-z0-9+/]{43}|[A-Za-z0-9_-]{43})=?$/;
const HEXADECIMAL = /^[0-9a-f]{64}$/i;

/** Whether an id may be a key that was mixed up with it, so that it must be in no message. */
function looksLikeKey(id: string): boolean {
  return BASE64.test(id) || HEXADECIMAL.test(id);
}

/** Quotes what can be an id; of anything else, which may be a key with something around it, only its length is told. */
function describeKeyId(id: unknown): string {
  return typeof id === "string" && isKeyId(id) && !looksLikeKey(id) ? quote(id) : describe(id);
}

/** A copy of a key, outside of what JavaScript can print; or what was given instead of one, for a message. */
export function readKey(given: unknown): KeyObject | string {
  if (typeof given !== "string" && !types.isUint8Array(given)) return describe(given);
  if (typeof given === "string" && !BASE64.test(given)) return describe(given);
  const bytes = typeof given === "string" ? Buffer.from(given, "base64") : given;
  if (bytes.length !== KEY_BYTES) return `${bytes.length} bytes`;
  // So looks one that was overwritten before it was given.
  if (bytes.every((byte) => byte === 0)) return "nothing but zeros";
  return createSecretKey(bytes);
}

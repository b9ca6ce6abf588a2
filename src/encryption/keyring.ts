import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { reasonOf } from "../describe.js";
import { EncryptionError } from "../errors.js";
import { checkCommandTimeout } from "../redis/options.js";
import { STALL_TICKS, StallDetector } from "../redis/stall-detector.js";
import { Cipher, type DerivedKeys, remembering } from "./cipher.js";
import {
  type EncryptionOptions,
  type EncryptionSettings,
  KEY_FORMS,
  type KeyFunction,
  nameOfKey,
  readEncryptionOptions,
  readKey,
} from "./options.js";

/** What keys are used for: those of different purposes have nothing in common. */
export type Purpose = "thread" | "item" | "cache";

/**
 * The keys of one saver, store or cache. Keys that are given are copied at once; those that a function gives are there when
 * {@link ready} says so.
 */
export class Keyring {
  readonly #settings: EncryptionSettings;
  readonly #keyPrefix: string;
  readonly #keys = new Map<string, KeyObject>();
  #fetching: Promise<void> | undefined;
  readonly #clock: StallDetector;

  /**
   * @param keyPrefix that of the Redis keys: what has another prefix is encrypted with other keys.
   * @param commandTimeout how long operations wait for functions that fetch keys, see TimeoutOptions.
   * @throws {InvalidInputError} naming the option, and the id of a key, never the key.
   */
  constructor(options: EncryptionOptions, keyPrefix: string, commandTimeout?: number) {
    this.#settings = readEncryptionOptions(options);
    this.#clock = new StallDetector(checkCommandTimeout(commandTimeout));
    this.#keyPrefix = keyPrefix;
    for (const [id, key] of this.#settings.keys) if (typeof key !== "function") this.#keys.set(id, key);
  }

  /**
   * Fetches the keys that are not there yet, all at once, whoever asks.
   *
   * @returns undefined when all keys are there; so nothing has to be waited for.
   * @throws {EncryptionError} naming the key of which the function failed, or gave nothing in time. To call again is to try again.
   */
  ready(): Promise<void> | undefined {
    const { keys } = this.#settings;
    if (this.#keys.size === keys.size) return undefined;
    this.#fetching ??= this.#fetchMissing().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  /** May be called before the keys are there, but not used. */
  cipher(purpose: Purpose): Cipher {
    const { keys, current, allowPlaintext } = this.#settings;
    const others = [...keys.keys()].filter((id) => id !== current);
    return new Cipher({
      ids: [current, ...others],
      allowPlaintext,
      keysOf: remembering((id) => this.#derive(id, purpose)),
    });
  }

  #derive(id: string, purpose: Purpose): DerivedKeys | undefined {
    const key = this.#keys.get(id);
    if (!key) return undefined;
    const derive = (use: string): KeyObject => {
      const info = JSON.stringify(["langgraph-redis", this.#keyPrefix, purpose, use]);
      return createSecretKey(Buffer.from(hkdfSync("sha256", key, "", info, 32)));
    };
    return { encryption: derive("encryption"), digests: derive("digests") };
  }

  async #fetchMissing(): Promise<void> {
    const missing = [...this.#settings.keys].filter(([id]) => !this.#keys.has(id));
    const outcomes = await Promise.allSettled(
      missing.map(([id, fetch]) => this.#inTime(id, this.#fetch(id, fetch as KeyFunction))),
    );
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  /** One that comes when nobody waits for it any more is kept as well. */
  async #fetch(id: string, fetch: KeyFunction): Promise<void> {
    const key = await fetchKey(id, fetch);
    if (!this.#keys.has(id)) this.#keys.set(id, key);
  }

  /** @throws {EncryptionError} when the work takes too long. */
  #inTime(id: string, work: Promise<void>): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      let ticks = 0;
      const waiting = {
        tick: () => {
          ticks++;
          if (ticks < STALL_TICKS) return;
          const problem = `the function ${nameOfKey(id)} has given no key within commandTimeout. ${CALLED_AGAIN}`;
          settle(() => reject(new EncryptionError(problem, { keyId: id })));
        },
      };
      const settle = (then: () => void) => {
        this.#clock.unwatch(waiting);
        then();
      };
      this.#clock.watch(waiting);
      work.then(
        () => settle(resolve),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }
}

const CALLED_AGAIN = "It will be called again by the next operation";

/** @throws {EncryptionError} */
async function fetchKey(id: string, fetch: KeyFunction): Promise<KeyObject> {
  let given: unknown;
  try {
    given = await fetch();
  } catch (cause) {
    const problem = `the function ${nameOfKey(id)} failed (${reasonOf(cause)}). ${CALLED_AGAIN}`;
    throw new EncryptionError(problem, { keyId: id, cause });
  }
  const key = readKey(given);
  if (typeof key !== "string") return key;
  throw new EncryptionError(`the function ${nameOfKey(id)} must give ${KEY_FORMS}; it gave ${key}`, {
    keyId: id,
  });
}

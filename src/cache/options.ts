import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { checkSerde } from "../checkpoint/serde/check-serde.js";
import { JsonSerializer } from "../checkpoint/serde/serializer.js";
import { describe, describeOption } from "../describe.js";
import { Keyring } from "../encryption/keyring.js";
import type { EncryptionOptions } from "../encryption/options.js";
import { InvalidInputError, type LangGraphRedisError } from "../errors.js";
import { checkKeyPrefix, DEFAULT_KEY_PREFIX } from "../redis/key-prefix.js";
import { checkKnownOptions, type KnownOptions } from "../redis/known-options.js";
import { CONNECT_OPTIONS, type ConnectOptions, type TimeoutOptions } from "../redis/options.js";

/** Options of a {@link RedisCache}. */
export interface RedisCacheOptions extends TimeoutOptions {
  /**
   * What every key starts with. Caches with different prefixes share a server without seeing each other; a saver and a
   * store may have the same one. Default: "langgraph".
   */
  keyPrefix?: string;
  /** Seconds after which an entry is gone that was set without a `ttl` of its own. Default: never. */
  ttl?: number;
  /** How values become bytes. Default: a {@link JsonSerializer}. */
  serde?: SerializerProtocol;
  /** Encrypts values, and names entries by keyed digests. Default: nothing is encrypted. */
  encryption?: EncryptionOptions;
  /**
   * Told of each failure that `get` took as a miss, or by which `set` stored nothing: Redis, the connection, a value that
   * cannot be serialized or read. A `get` rejects with what it throws, so that a run fails; a `set`, for which LangGraph does not wait,
   * never does. Default: the first failure of each `code` is a process warning.
   *
   * @example
   * ```ts
   * const cache = await RedisCache.fromConnString(url, {
   *   onError: (error) => console.warn("cache:", error.code, error.message),
   * });
   * ```
   */
  onError?: (error: LangGraphRedisError) => void;
  /**
   * How long a server may give no answers, in milliseconds, before an operation counts as failed. After that, `get` and `set` do
   * without Redis for five seconds. 0 waits for ever. Default: 2,000.
   */
  commandTimeout?: number;
}

const CACHE: KnownOptions<RedisCacheOptions> = {
  keyPrefix: true,
  ttl: true,
  serde: true,
  encryption: true,
  onError: true,
  commandTimeout: true,
};

const CACHE_OPTIONS: KnownOptions<RedisCacheOptions & { client: unknown }> = { ...CACHE, client: true };
const OPEN_OPTIONS: KnownOptions<RedisCacheOptions & ConnectOptions> = { ...CACHE, ...CONNECT_OPTIONS };

/** Less than for what must not be lost: a node that runs again is rarely slower. */
const DEFAULT_COMMAND_TIMEOUT = 2_000;

/** Options with every default filled in. */
export interface CacheSettings {
  readonly keyPrefix: string;
  /** Milliseconds; `undefined` for never. */
  readonly ttl: number | undefined;
  readonly serde: SerializerProtocol;
  readonly keyring: Keyring | undefined;
  readonly onError: ((error: LangGraphRedisError) => void) | undefined;
  readonly commandTimeout: number;
}

/**
 * @param opens whether the cache connects by itself.
 * @throws {InvalidInputError} naming the option.
 */
export function readOptions(options: RedisCacheOptions, opens: boolean): CacheSettings {
  checkKnownOptions(options ?? null, opens ? OPEN_OPTIONS : CACHE_OPTIONS, "RedisCache");
  const { ttl, serde = new JsonSerializer(), encryption, onError } = options;
  const { keyPrefix = DEFAULT_KEY_PREFIX } = options;
  checkKeyPrefix(keyPrefix);
  const { commandTimeout = DEFAULT_COMMAND_TIMEOUT } = options;
  if (onError !== undefined && typeof onError !== "function") {
    throw new InvalidInputError(`onError must be a function, got ${describe(onError)}.`);
  }
  return {
    keyPrefix,
    ttl: checkDefaultTtl(ttl),
    serde: checkSerde(serde),
    keyring: encryption === undefined ? undefined : new Keyring(encryption, keyPrefix, commandTimeout),
    onError,
    commandTimeout,
  };
}

function checkDefaultTtl(ttl: unknown): number | undefined {
  if (ttl === undefined) return undefined;
  const milliseconds = ttlInMilliseconds(ttl);
  if (milliseconds !== 0) return milliseconds;
  throw new InvalidInputError(`ttl must be a positive number of seconds, got ${describeOption(ttl)}.`);
}

/** The range of JavaScript's dates: the moment of expiry still is a number that sorted sets have exactly. */
const LONGEST_SECONDS = 8.64e12;

/**
 * A time to live in whole milliseconds; 0 for one that is over, `undefined` for ever.
 *
 * @throws {InvalidInputError} unless it is a number of seconds, Infinity included.
 */
export function ttlInMilliseconds(seconds: unknown): number | undefined {
  if (seconds === Number.POSITIVE_INFINITY) return undefined;
  if (typeof seconds !== "number" || Number.isNaN(seconds) || seconds > LONGEST_SECONDS) {
    throw new InvalidInputError(
      `ttl must be a number of seconds, at most ${LONGEST_SECONDS} or Infinity, got ${describeOption(seconds)}.`,
    );
  }
  return Math.max(0, Math.ceil(seconds * 1_000));
}

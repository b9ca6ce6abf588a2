import { Keyring } from "../encryption/keyring.js";
import type { EncryptionOptions } from "../encryption/options.js";
import { checkKeyPrefix, DEFAULT_KEY_PREFIX } from "../redis/key-prefix.js";
import { checkKnownOptions, type KnownOptions } from "../redis/known-options.js";
import { CONNECT_OPTIONS, type ConnectOptions, type TimeoutOptions } from "../redis/options.js";
import { toMilliseconds } from "../redis/time-to-live.js";
import { type IndexSettings, resolveIndex, type StoreIndexConfig } from "./index-options.js";
import { type Limits, limitsOf } from "./limits.js";
import { flag, oneOf, positiveInteger } from "./read-option.js";

/** Which engine answers searches. */
export type EngineChoice = "auto" | "search" | "core";

/** When items expire. */
export interface TtlOptions {
  /** Minutes after which an item is gone (default: never). A put can say otherwise for its item. */
  defaultTTL?: number;
  /** Whether reading an item, by `get` or `search`, starts its time again (default false). */
  refreshOnRead?: boolean;
}

/** Options of a {@link RedisStore}. */
export interface RedisStoreOptions extends TimeoutOptions {
  /** Makes search by meaning or by words possible. Without it the store is a key-value store with filters. */
  index?: StoreIndexConfig;
  /** When items expire. */
  ttl?: TtlOptions;
  /** What all keys and index names begin with (default `"langgraph"`). */
  keyPrefix?: string;
  /**
   * `"search"` uses the server's search engine, `"core"` needs none; `"auto"` (default) asks the server for it.
   */
  engine?: EngineChoice;
  /**
   * Encrypts the values of items, and what they are found by: filters and searches by words work as without. Namespaces,
   * keys, times, the numbers of `index.numericFields` and vectors stay readable. (default: nothing is encrypted)
   */
  encryption?: EncryptionOptions;
  /** For `"core"`: how many items a search reads, and holds in memory, at a time (default 4,000). */
  scanBatchSize?: number;
}

// The names of all options. Others are refused: an option with a misspelt name would silently do nothing.

const STORE: KnownOptions<RedisStoreOptions> = {
  index: true,
  ttl: true,
  keyPrefix: true,
  engine: true,
  scanBatchSize: true,
  encryption: true,
  commandTimeout: true,
};

/** Of the constructor. */
export const STORE_OPTIONS: KnownOptions<RedisStoreOptions & { client: unknown }> = {
  ...STORE,
  client: true,
};

/** Of `fromConnString` and the like. */
export const OPEN_OPTIONS: KnownOptions<RedisStoreOptions & ConnectOptions> = {
  ...STORE,
  ...CONNECT_OPTIONS,
};

const TTL_OPTIONS: KnownOptions<TtlOptions> = { defaultTTL: true, refreshOnRead: true };

/** Options with every default filled in. */
export interface StoreSettings extends IndexSettings {
  keyPrefix: string;
  engine: EngineChoice;
  scanBatchSize: number;
  /** Milliseconds; `undefined` for never. */
  defaultTtl: number | undefined;
  refreshOnRead: boolean;
  /** `undefined` where nothing is encrypted. */
  keyring: Keyring | undefined;
  limits: Limits;
}

/** @throws {InvalidInputError} naming the option and its value. */
export function resolveOptions(options: RedisStoreOptions): StoreSettings {
  const {
    keyPrefix = DEFAULT_KEY_PREFIX,
    engine = "auto",
    scanBatchSize = 4_000,
    index,
    ttl,
    encryption,
    commandTimeout,
  } = options;
  checkKnownOptions(ttl, TTL_OPTIONS, "ttl");
  const { defaultTTL, refreshOnRead = false } = ttl ?? {};
  checkKeyPrefix(keyPrefix);
  return {
    keyPrefix,
    engine: oneOf("engine", engine, ["auto", "search", "core"]),
    scanBatchSize: positiveInteger("scanBatchSize", scanBatchSize),
    defaultTtl: defaultTTL === undefined ? undefined : toMilliseconds(defaultTTL, "ttl.defaultTTL"),
    refreshOnRead: flag("ttl.refreshOnRead", refreshOnRead),
    ...resolveIndex(index),
    keyring: encryption === undefined ? undefined : new Keyring(encryption, keyPrefix, commandTimeout),
    limits: limitsOf(options),
  };
}

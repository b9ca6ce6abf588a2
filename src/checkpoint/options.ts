import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { describe, describeOption } from "../describe.js";
import { Keyring } from "../encryption/keyring.js";
import type { EncryptionOptions } from "../encryption/options.js";
import { InvalidInputError } from "../errors.js";
import { checkKeyPrefix, DEFAULT_KEY_PREFIX } from "../redis/key-prefix.js";
import { checkKnownOptions, type KnownOptions } from "../redis/known-options.js";
import { CONNECT_OPTIONS, type ConnectOptions, type TimeoutOptions } from "../redis/options.js";
import { toMilliseconds } from "../redis/time-to-live.js";
import { checkSerde } from "./serde/check-serde.js";
import { JsonSerializer } from "./serde/serializer.js";
import { type CompressionOptions, type Compressor, createCompressor } from "./values/compression.js";

const DEFAULT_CACHE_BYTES = 64_000_000;

/** When threads expire. */
export interface ThreadTtl {
  /** How long a thread lives after it was last written, in minutes; fractions are allowed. */
  defaultTTL: number;
  /** Whether reading a thread extends its life as writing does. Default: false. */
  refreshOnRead?: boolean;
}

export interface RedisSaverOptions extends TimeoutOptions {
  /**
   * What every key starts with. Savers with different prefixes share a server without seeing each other.
   * Default: "langgraph".
   */
  keyPrefix?: string;
  /** How values become bytes. Default: a {@link JsonSerializer}. */
  serde?: SerializerProtocol;
  /**
   * Whether to remember, as long as an object lives, what it looked like when it was stored, so that it is not
   * serialized again unless it has changed. Needs a {@link JsonSerializer}. Default: true.
   */
  trackChanges?: boolean;
  /**
   * Whether to compress values, checkpoints and pending writes. Readers understand both. Default: true.
   */
  compression?: boolean | CompressionOptions;
  /**
   * How many bytes to remember of the threads that were used lately, so that the next step of a thread sends and reads only what is
   * new. 0 remembers nothing. Default: 64,000,000.
   */
  cacheBytes?: number;
  /** When threads expire. Default: never. */
  ttl?: ThreadTtl;
  /**
   * "all" keeps every checkpoint, for time travel. "latest" keeps the newest one of each namespace, with its pending
   * writes and what its delta channels are read from: interrupts and subgraphs work, going back does not. A run goes on
   * from the newest one; what names an older one, or finds that another run has gone on meanwhile, is refused with a
   * `CheckpointNotFoundError`.
   * Default: "all".
   */
  history?: "all" | "latest";
  /**
   * Encrypts values, metadata and pending writes with AES-256-GCM, each for its place in its thread: nothing can be altered,
   * exchanged, or moved to another thread or checkpoint without being noticed. Ids, namespaces, names of delta channels, sizes and
   * times stay readable. Default: nothing is encrypted, and what is encrypted is refused.
   *
   * Where keys come from functions and the client is your own, the first operations wait for them, and read their values afterwards.
   *
   * @example
   * ```ts
   * const checkpointer = await RedisSaver.fromConnString("redis://localhost:6379", {
   *   encryption: { keys: { "2026-11": process.env.ENCRYPTION_KEY ?? "" }, current: "2026-11" },
   * });
   * ```
   */
  encryption?: EncryptionOptions;
}

const SAVER: KnownOptions<RedisSaverOptions> = {
  keyPrefix: true,
  serde: true,
  trackChanges: true,
  compression: true,
  cacheBytes: true,
  ttl: true,
  history: true,
  encryption: true,
  commandTimeout: true,
};

const SAVER_OPTIONS: KnownOptions<RedisSaverOptions & { client: unknown }> = { ...SAVER, client: true };
const OPEN_OPTIONS: KnownOptions<RedisSaverOptions & ConnectOptions> = { ...SAVER, ...CONNECT_OPTIONS };
const TTL_OPTIONS: KnownOptions<ThreadTtl> = { defaultTTL: true, refreshOnRead: true };

/** Options with every default filled in. */
export interface SaverSettings {
  readonly keyPrefix: string;
  readonly serde: SerializerProtocol;
  readonly trackChanges: boolean;
  readonly compressor: Compressor;
  /** Bytes. */
  readonly cacheBytes: number;
  /** Milliseconds that writing and reading give a thread, or "". */
  readonly writeTtl: string;
  readonly readTtl: string;
  readonly history: "all" | "latest";
  /** Undefined when nothing is encrypted. */
  readonly keyring: Keyring | undefined;
}

/**
 * @param opens whether the saver connects by itself.
 * @param keyring that of the same options, if they were read before: the keys in them may have been overwritten since.
 * @throws {InvalidInputError} naming the option.
 */
export function readOptions(options: RedisSaverOptions, opens: boolean, keyring?: Keyring): SaverSettings {
  checkKnownOptions(options ?? null, opens ? OPEN_OPTIONS : SAVER_OPTIONS, "RedisSaver");
  const { keyPrefix = DEFAULT_KEY_PREFIX, serde = new JsonSerializer(), trackChanges = true } = options;
  checkBoolean(trackChanges, "trackChanges");
  checkKeyPrefix(keyPrefix);
  return {
    keyPrefix,
    serde: checkSerde(serde),
    trackChanges,
    compressor: createCompressor(options.compression),
    cacheBytes: checkCacheBytes(options.cacheBytes),
    ...checkTtl(options.ttl),
    history: checkHistory(options.history),
    keyring: keyring ?? readEncryption(options, keyPrefix),
  };
}

function readEncryption(
  { encryption, commandTimeout }: RedisSaverOptions,
  keyPrefix: string,
): Keyring | undefined {
  return encryption === undefined ? undefined : new Keyring(encryption, keyPrefix, commandTimeout);
}

function checkTtl(ttl: ThreadTtl | undefined): Pick<SaverSettings, "writeTtl" | "readTtl"> {
  if (ttl === undefined) return { writeTtl: "", readTtl: "" };
  checkKnownOptions(ttl, TTL_OPTIONS, "ttl");
  const { refreshOnRead = false } = ttl;
  checkBoolean(refreshOnRead, "ttl.refreshOnRead");
  const writeTtl = String(toMilliseconds(ttl.defaultTTL, "ttl.defaultTTL"));
  return { writeTtl, readTtl: refreshOnRead ? writeTtl : "" };
}

function checkBoolean(value: unknown, what: string): void {
  if (typeof value === "boolean") return;
  throw new InvalidInputError(`${what} must be true or false, got ${describe(value)}.`);
}

function checkCacheBytes(bytes: unknown = DEFAULT_CACHE_BYTES): number {
  if (typeof bytes === "number" && bytes >= 0) return bytes;
  throw new InvalidInputError(
    `cacheBytes must be a number of bytes, at least 0, got ${describeOption(bytes)}.`,
  );
}

/** @throws {InvalidInputError} */
function checkHistory(history: unknown): "all" | "latest" {
  if (history === undefined || history === "all" || history === "latest") return history ?? "all";
  throw new InvalidInputError(`history must be "all" or "latest", got ${describe(history)}.`);
}

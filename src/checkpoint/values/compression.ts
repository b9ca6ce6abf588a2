// The default export, since bundlers turn a namespace into named imports, which fail where Node lacks one.
import zlib from "node:zlib";
import { describe, describeOption, quote, repeatable } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import { checkKnownOptions, type KnownOptions } from "../../redis/known-options.js";
import { DICTIONARY } from "./dictionary.js";

export type CompressionAlgorithm = "deflate" | "zstd" | "brotli";

/** How values, records and pending writes are compressed. */
export interface CompressionOptions {
  /**
   * "deflate" comes with a dictionary of the text that most values are made of, so that it is the best one for all but very
   * large values. "zstd" needs Node 22.15 or later, of every reader too. What is appended to a list element by element is
   * always deflated. Default: "deflate".
   */
  algorithm?: CompressionAlgorithm;
  /** What has at least so many bytes is compressed. Default: 128. */
  threshold?: number;
}

/** Packs bytes before they are stored. */
export interface Compressor {
  /** Compresses bytes if that makes them shorter. {@link unpack} gives them back. */
  pack(bytes: Buffer): Buffer;
  /** Packs the beginning of a segment that grows. */
  packTail(bytes: Buffer): Buffer;
}

interface Algorithm {
  /** Stands behind the tag and names how the rest is to be read. */
  readonly letter: string;
  readonly compress: ((data: Buffer) => Buffer) | undefined;
  readonly decompress: ((data: Buffer, size: number) => Buffer) | undefined;
}

/** What newer runtimes have. */
type WithZstd = {
  zstdCompressSync?: (data: Buffer) => Buffer;
  zstdDecompressSync?: (data: Buffer, options: { maxOutputLength: number }) => Buffer;
};
const { zstdCompressSync, zstdDecompressSync } = zlib as WithZstd;

/** As much as a growing segment is deflated with looks back: half of it usually the dictionary. */
const WINDOW_BITS = 13;
const WINDOW = 2 ** WINDOW_BITS;

/** How to deflate so many bytes: Node's defaults are made for streams, and take their time with small ones. */
function deflateOptions(size: number): zlib.ZlibOptions {
  return {
    dictionary: DICTIONARY,
    windowBits: size < WINDOW / 2 ? WINDOW_BITS : 15,
    chunkSize: Math.min(size + 64, 65_536),
  };
}

const ALGORITHMS: Readonly<Record<CompressionAlgorithm, Algorithm>> = {
  deflate: {
    letter: "p",
    compress: (data) => zlib.deflateRawSync(data, deflateOptions(data.length)),
    decompress: (data, size) =>
      zlib.inflateRawSync(data, {
        dictionary: DICTIONARY,
        maxOutputLength: size + 1,
        chunkSize: Math.max(size + 1, zlib.constants.Z_MIN_CHUNK),
      }),
  },
  zstd: {
    letter: "s",
    compress: zstdCompressSync,
    decompress:
      zstdDecompressSync && ((data, size) => zstdDecompressSync(data, { maxOutputLength: size + 1 })),
  },
  brotli: {
    letter: "b",
    // The default quality is made for files that are compressed once and read for years.
    compress: (data) =>
      zlib.brotliCompressSync(data, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
    decompress: (data, size) => zlib.brotliDecompressSync(data, { maxOutputLength: size + 1 }),
  },
};

const BY_LETTER: ReadonlyMap<string, readonly [name: string, algorithm: Algorithm]> = new Map(
  Object.entries(ALGORITHMS).map((entry) => [entry[1].letter, entry] as const),
);

const PACKED = 0x7a;
const PACKED_TAIL = 0x79;
const TAIL_HEAD = Buffer.from("yp", "latin1");
const TAIL_LETTER = TAIL_HEAD[1];

/** The longest value that Redis stores, and about the longest string there is. */
const MAX_SIZE = 512 * 1024 * 1024;
/** Deflate makes no more than this of a byte. */
const MAX_RATIO = 1_032;

/** Leaves everything as it is. */
export const NO_COMPRESSION: Compressor = { pack: (bytes) => unpacked(bytes), packTail: (bytes) => bytes };

/** What stands behind the tag when bytes that are not compressed begin as if they were. */
const AS_IT_IS = Buffer.from("z0", "latin1");

function unpacked(bytes: Buffer): Buffer {
  return bytes[0] === PACKED ? Buffer.concat([AS_IT_IS, bytes]) : bytes;
}

const COMPRESSION_OPTIONS: KnownOptions<CompressionOptions> = { algorithm: true, threshold: true };

/** @throws {InvalidInputError} when an option cannot be used here. */
export function createCompressor(compression: boolean | CompressionOptions = true): Compressor {
  if (compression === false) return NO_COMPRESSION;
  if (compression !== true) checkKnownOptions(compression, COMPRESSION_OPTIONS, "compression");
  const { algorithm = "deflate", threshold = 128 } = compression === true ? {} : compression;
  const { letter, compress } = Object.hasOwn(ALGORITHMS, algorithm)
    ? ALGORITHMS[algorithm]
    : ({} as Algorithm);
  if (letter === undefined) {
    throw new InvalidInputError(
      `compression.algorithm must be "deflate", "zstd" or "brotli", got ${describe(algorithm)}.`,
    );
  }
  if (!compress) {
    throw new InvalidInputError(
      `compression.algorithm ${quote(algorithm)} needs Node 22.15 or later. Use "deflate" or "brotli" here.`,
    );
  }
  if (!Number.isInteger(threshold) || threshold < 0) {
    throw new InvalidInputError(
      `compression.threshold must be a whole number of bytes, got ${describeOption(threshold)}.`,
    );
  }
  return {
    pack: (bytes) => {
      if (bytes.length < threshold) return unpacked(bytes);
      const packed = Buffer.concat([packedHead(letter, bytes.length), compress(bytes)]);
      return packed.length < bytes.length ? packed : unpacked(bytes);
    },
    packTail: (bytes) => Buffer.concat([TAIL_HEAD, deflatePiece(bytes, DICTIONARY)]),
  };
}

/** The tag, the algorithm's letter, and the number of bytes that were packed: seven bits in each byte, the lowest first. */
function packedHead(letter: string, size: number): Buffer {
  const head = [PACKED, letter.charCodeAt(0)];
  let rest = size;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) head.push((rest % 0x80) + 0x80);
  head.push(rest);
  return Buffer.from(head);
}

/** The bytes that were packed, whatever this process would have made of them. @throws {Error} when they cannot be unpacked. */
export function unpack(stored: Buffer): Buffer {
  if (stored[0] !== PACKED) return stored;
  if (stored[1] === AS_IT_IS[1]) return stored.subarray(2);
  const [name, algorithm] = BY_LETTER.get(stored.toString("latin1", 1, 2)) ?? [];
  if (!algorithm) throw repeatable(new Error("it is compressed in an unknown way"));
  if (!algorithm.decompress)
    throw repeatable(new Error(`it is compressed with ${name}, which this version of Node lacks`));
  let size = 0;
  let at = 2;
  for (let scale = 1; at < 7; scale *= 0x80) {
    const byte = stored[at++] ?? 0;
    size += (byte % 0x80) * scale;
    if (byte < 0x80) break;
  }
  const packed = stored.subarray(at);
  if (name === "deflate") checkSize(size, packed.length);
  const bytes = decompressing(() => algorithm.decompress?.(packed, Math.min(size, MAX_SIZE)));
  if (bytes.length !== size) throw repeatable(new Error("it was altered"));
  return bytes;
}

/**
 * What is appended to a packed tail, so that it holds a whole segment.
 *
 * @param stored what the tail holds: the first `held` bytes of the segment, packed or not.
 */
export function packAppended(stored: Buffer, segment: Buffer, held: number): Buffer {
  const added = segment.subarray(held);
  if (stored[0] !== PACKED_TAIL) return added;
  const before = segment.subarray(Math.max(0, held - WINDOW), held);
  const missing = WINDOW - before.length;
  return deflatePiece(added, missing > 0 ? Buffer.concat([DICTIONARY.subarray(-missing), before]) : before);
}

/** Raw deflate that ends at a whole byte and goes on with the next piece, to which all before is a dictionary. */
function deflatePiece(bytes: Buffer, dictionary: Buffer): Buffer {
  return zlib.deflateRawSync(bytes, {
    ...deflateOptions(bytes.length),
    dictionary,
    windowBits: WINDOW_BITS,
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
  });
}

/** The segment of `size` bytes that a tail holds. @throws {Error} when it holds another one. */
export function unpackTail(stored: Buffer, size: number): Buffer {
  if (stored[0] !== PACKED_TAIL) return stored;
  if (stored[1] !== TAIL_LETTER) throw repeatable(new Error("it is compressed in an unknown way"));
  checkSize(size, stored.length);
  return decompressing(() =>
    zlib.inflateRawSync(stored.subarray(TAIL_HEAD.length), {
      dictionary: DICTIONARY,
      maxOutputLength: size + 1,
      chunkSize: Math.max(size + 1, zlib.constants.Z_MIN_CHUNK),
      finishFlush: zlib.constants.Z_SYNC_FLUSH,
    }),
  );
}

/** What says that it is larger than it can be must not take memory. */
function checkSize(size: number, packed: number): void {
  if (size > MAX_SIZE || size > (packed + 1) * MAX_RATIO) throw repeatable(new Error("it was altered"));
}

function decompressing(work: () => Buffer | undefined): Buffer {
  try {
    return work() as Buffer;
  } catch (cause) {
    throw repeatable(new Error("it cannot be decompressed", { cause }));
  }
}

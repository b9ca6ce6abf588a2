// The default export, since bundlers turn a namespace into named imports, which fail where Node lacks one.
import zlib from "node:zlib";
import { describe, describeOption, quote, repeatable } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import { checkKnownOptions, type KnownOptions } from "../../redis/known-options.js";

export type CompressionAlgorithm = "zstd" | "deflate" | "brotli";

/** How large chunks are compressed. */
export interface CompressionOptions {
  /**
   * Default: zstd where the runtime has it (Node 22.15 and later), else deflate. Every reader needs a runtime that has
   * the algorithm that was used for writing.
   */
  algorithm?: CompressionAlgorithm;
  /** Chunks of at least so many bytes are compressed. Default: 4096. */
  threshold?: number;
}

/** Turns a run into the chunk that is stored for it. */
export type Packer = (run: Buffer) => Buffer;

interface Algorithm {
  /** What the chunk starts with, after the tag. */
  readonly letter: string;
  readonly compress: ((data: Buffer) => Buffer) | undefined;
  readonly decompress: ((data: Buffer) => Buffer) | undefined;
}

/** What newer runtimes have. */
type WithZstd = {
  zstdCompressSync?: (data: Buffer) => Buffer;
  zstdDecompressSync?: (data: Buffer) => Buffer;
};
const { zstdCompressSync, zstdDecompressSync } = zlib as WithZstd;

const ALGORITHMS: Readonly<Record<CompressionAlgorithm, Algorithm>> = {
  zstd: { letter: "s", compress: zstdCompressSync, decompress: zstdDecompressSync },
  deflate: {
    letter: "d",
    compress: (data) => zlib.deflateRawSync(data),
    decompress: (data) => zlib.inflateRawSync(data),
  },
  brotli: {
    letter: "b",
    // The default quality is made for files that are compressed once and read for years.
    compress: (data) =>
      zlib.brotliCompressSync(data, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
    decompress: (data) => zlib.brotliDecompressSync(data),
  },
};

const COMPRESSED = 0x7a;

/** Leaves every run as it is. */
export const AS_IS: Packer = (run) => run;

const COMPRESSION_OPTIONS: KnownOptions<CompressionOptions> = { algorithm: true, threshold: true };

/** @throws {InvalidInputError} when an option cannot be used here. */
export function packerFor(compression: boolean | CompressionOptions | undefined): Packer {
  if (compression === undefined || compression === false) return AS_IS;
  if (compression !== true) checkKnownOptions(compression, COMPRESSION_OPTIONS, "compression");
  const { algorithm = zstdCompressSync ? "zstd" : "deflate", threshold = 4_096 } =
    compression === true ? {} : compression;
  const { letter, compress } = Object.hasOwn(ALGORITHMS, algorithm)
    ? ALGORITHMS[algorithm]
    : ({} as Algorithm);
  if (letter === undefined) {
    throw new InvalidInputError(
      `compression.algorithm must be "zstd", "deflate" or "brotli", got ${describe(algorithm)}.`,
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
  const head = Buffer.from(`z${letter}`, "latin1");
  return (run) => {
    if (run.length < threshold) return run;
    const packed = Buffer.concat([head, compress(run)]);
    return packed.length < run.length ? packed : run;
  };
}

/** The run in a chunk, whatever this process would have made of it. @throws {Error} when it cannot be decompressed. */
export function unpack(chunk: Buffer): Buffer {
  if (chunk[0] !== COMPRESSED) return chunk;
  const letter = chunk.toString("latin1", 1, 2);
  const [name, algorithm] = Object.entries(ALGORITHMS).find(([, { letter: own }]) => own === letter) ?? [];
  if (!algorithm) throw repeatable(new Error("the chunk is compressed in an unknown way"));
  if (!algorithm.decompress)
    throw repeatable(new Error(`the chunk is compressed with ${name}, which this version of Node lacks`));
  return algorithm.decompress(chunk.subarray(2));
}

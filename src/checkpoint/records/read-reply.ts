import type { Reply } from "../../redis/command.js";
import { resolvePointer, splitDigests } from "../values/chunk.js";

/** One checkpoint as the scripts return it. */
export interface Row {
  readonly checkpointNsEncoded: string;
  readonly checkpointId: string;
  readonly record: Buffer;
  /** Pending writes, sealed. */
  readonly writes: Buffer | undefined;
  /** Those of the parent of a checkpoint that was written before format version 4. */
  readonly parentWrites: Buffer | undefined;
}

/** The decoded reply of the scripts that return checkpoints, see scripts/read-common.lua. */
export interface ReadReply {
  readonly rows: Row[];
  /** The chunks behind all rows by their names, each once, as the server has them. */
  readonly chunks: Map<string, Buffer>;
  /** Those of them that are stored as part of others. */
  readonly moved: ReadonlySet<string>;
}

export function decodeReadReply(reply: Reply): ReadReply {
  const [rows, names, bytes, moved] = reply as [Reply[], Buffer, Reply, Buffer];
  const chunks = new Map<string, Buffer>();
  decodeChunks(splitDigests(names.toString("latin1")), bytes, chunks);
  return { rows: rows.map(decodeRow), chunks, moved: new Set(splitDigests(moved.toString("latin1"))) };
}

/**
 * Adds chunks to those of a reply: what was stored under each name. What has become part of another chunk is taken
 * from there, if that is among them.
 */
export function decodeChunks(names: readonly string[], values: Reply, chunks: Map<string, Buffer>): void {
  names.forEach((name, at) => {
    const chunk = (values as (Buffer | null)[])[at];
    if (chunk) chunks.set(name, chunk);
  });
  for (const name of names) {
    const chunk = resolvePointer(chunks.get(name), chunks);
    if (chunk) chunks.set(name, chunk);
  }
}

function decodeRow(row: Reply): Row {
  const [field, record, writes, parentWrites] = row as (Buffer | null | undefined)[];
  const name = (field as Buffer).toString("utf8");
  const colon = name.indexOf(":");
  return {
    checkpointNsEncoded: name.slice(0, colon),
    checkpointId: name.slice(colon + 1),
    record: record as Buffer,
    writes: writes ?? undefined,
    parentWrites: parentWrites ?? undefined,
  };
}

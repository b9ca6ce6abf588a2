import type { Reply } from "../../redis/command.js";
import { splitNames } from "../values/chunk.js";

/** One checkpoint as the scripts return it. */
export interface Row {
  readonly checkpointNsEncoded: string;
  readonly checkpointId: string;
  readonly record: Buffer;
  /** Pending writes, with their checksums. */
  readonly writes: readonly Buffer[];
  /** Those of the parent of a checkpoint that was written before format version 4. */
  readonly parentWrites: readonly Buffer[];
}

/** The checkpoint's field, see keys.ts. */
export function fieldOf({ checkpointNsEncoded, checkpointId }: Row): string {
  return `${checkpointNsEncoded}:${checkpointId}`;
}

/** The decoded reply of the scripts that return checkpoints, see scripts/read-common.lua. */
export interface ReadReply {
  readonly rows: Row[];
  /** The chunks behind all rows by their names, each once, as the server has them. */
  readonly chunks: Map<string, Buffer>;
}

export function decodeReadReply(reply: Reply): ReadReply {
  const [rows, names, values] = reply as [Reply[], Buffer, Reply];
  const chunks = new Map<string, Buffer>();
  decodeChunks(splitNames(names.toString("latin1")), values, chunks);
  return { rows: rows.map(decodeRow), chunks };
}

/** Adds chunks to those of a reply: what was stored under each name. */
export function decodeChunks(names: readonly string[], values: Reply, chunks: Map<string, Buffer>): void {
  names.forEach((name, at) => {
    const chunk = (values as (Buffer | null)[])[at];
    if (chunk) chunks.set(name, chunk);
  });
}

function decodeRow(row: Reply): Row {
  const [field, record, writes, parentWrites] = row as [Buffer, Buffer, Buffer[], Buffer[] | null];
  const name = field.toString("utf8");
  const colon = name.indexOf(":");
  return {
    checkpointNsEncoded: name.slice(0, colon),
    checkpointId: name.slice(colon + 1),
    record,
    writes,
    parentWrites: parentWrites ?? [],
  };
}

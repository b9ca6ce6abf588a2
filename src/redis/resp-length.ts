import type { Command } from "./command.js";

/** Bytes of a command as it goes over the wire, which is the same in all versions of the protocol. */
export function commandLength({ args }: Command): number {
  let length = headerLength(args.length);
  for (const arg of args) length += bulkLength(typeof arg === "string" ? Buffer.byteLength(arg) : arg.length);
  return length;
}

/**
 * Bytes of a reply as RESP2 has it, whichever protocol it came by. What ioredis gives as bytes counts as a bulk string,
 * also where it was a status.
 */
export function replyLength(reply: unknown): number {
  if (Buffer.isBuffer(reply)) return bulkLength(reply.length);
  if (Array.isArray(reply))
    return reply.reduce((sum, each) => sum + replyLength(each), headerLength(reply.length));
  switch (typeof reply) {
    case "string":
      return lineLength(Buffer.byteLength(reply));
    case "number":
      return Number.isInteger(reply) ? lineLength(String(reply).length) : bulkLength(String(reply).length);
    case "bigint":
      return lineLength(String(reply).length);
    case "boolean":
      return lineLength(1);
  }
  if (reply instanceof Error) return lineLength(Buffer.byteLength(reply.message));
  if (reply === null || reply === undefined) return "$-1\r\n".length;
  // A map, which RESP2 has as a flat list.
  return replyLength(Object.entries(reply).flatMap(([key, value]) => [Buffer.from(key), value]));
}

/** A type, so many characters, and the end of the line. */
function lineLength(characters: number): number {
  return characters + 3;
}

/** A line that tells how many elements or bytes follow. */
function headerLength(count: number): number {
  return lineLength(count < 10 ? 1 : String(count).length);
}

function bulkLength(bytes: number): number {
  return headerLength(bytes) + bytes + 2;
}

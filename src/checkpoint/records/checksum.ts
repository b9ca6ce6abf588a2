import { createHash } from "node:crypto";
import { repeatable } from "../../describe.js";

/** "~" and ten hexadecimal digits. */
const CHECKSUM_LENGTH = 11;

/**
 * A checksum at the end of headers of records and of pending writes: "~" and the beginning of the SHA-1 of all before it, which
 * is the digest that scripts can compute, see scripts/common.lua.
 */
export function withChecksum(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.from(checksumOf(content), "latin1")]);
}

/** The content before a checksum. @throws {Error} when it is not what was written. */
export function withoutChecksum(value: Buffer): Buffer {
  const content = value.subarray(0, -CHECKSUM_LENGTH);
  if (value.toString("latin1", content.length) !== checksumOf(content)) {
    throw repeatable(new Error("it was altered"));
  }
  return content;
}

function checksumOf(content: Buffer): string {
  const digest = createHash("sha1").update(content).digest("hex");
  return `~${digest.slice(0, CHECKSUM_LENGTH - 1)}`;
}

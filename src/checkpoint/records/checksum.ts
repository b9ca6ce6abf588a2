import { createHash } from "node:crypto";
import { repeatable } from "../../describe.js";

/** "~" and ten hexadecimal digits. */
const SEAL_LENGTH = 11;

/**
 * The text of a sealed value. What the scripts write as a whole ends with "~" and the beginning of the SHA-1 of all
 * before it, which is the digest that scripts can compute, see scripts/common.lua.
 *
 * @throws {Error} when the value is not what was written.
 */
export function unseal(value: Buffer): string {
  const text = value.subarray(0, -SEAL_LENGTH);
  const seal = `~${createHash("sha1")
    .update(text)
    .digest("hex")
    .slice(0, SEAL_LENGTH - 1)}`;
  if (value.toString("latin1", text.length) !== seal) throw repeatable(new Error("it was altered"));
  return text.toString("utf8");
}

import type { CacheFullKey } from "@langchain/langgraph-checkpoint";
import { withChecksum, withoutChecksum } from "../checkpoint/records/checksum.js";
import { quote, reasonOf } from "../describe.js";
import { CorruptRecordError, DeserializationError, EncryptionError, SerializationError } from "../errors.js";
import type { CacheContext } from "./context.js";
import type { CacheNamespaceKeys } from "./keys.js";

const LINE_BREAK = 0x0a;

/**
 * A value before encryption: the serializer's name of its type, a line break, its bytes, a checksum. The value is read before this
 * returns, as far as the serializer waits for nothing first.
 *
 * @throws {SerializationError}
 */
export async function serializeValue(
  { serde }: CacheContext,
  key: CacheFullKey,
  value: unknown,
): Promise<Buffer> {
  try {
    const [type, bytes] = await serde.dumpsTyped(copyOfBytes(value));
    return withChecksum(Buffer.concat([Buffer.from(`${type}\n`), bytes]));
  } catch (cause) {
    throw new SerializationError(
      `the value of ${describeEntry(key)} cannot be serialized: ${reasonOf(cause)}`,
      { cause },
    );
  }
}

/** A serializer returns bytes as they are. */
function copyOfBytes(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  return value instanceof Uint8Array ? value.slice() : value;
}

/**
 * @throws {EncryptionError}; {@link CorruptRecordError} when it is not as it was written; {@link DeserializationError} when the
 * serializer refuses it.
 */
export async function decodeValue(
  { serde, entries }: CacheContext,
  own: CacheNamespaceKeys,
  key: CacheFullKey,
  stored: Buffer,
): Promise<unknown> {
  // What the Redis keys of the entry's namespace begin with.
  const location = { key: own.base + own.name };
  const entry = describeEntry(key);
  let content: Buffer;
  try {
    content = withoutChecksum(entries.open(own.name, key[1], stored));
  } catch (cause) {
    if (cause instanceof EncryptionError) throw cause.at(`cannot read the value of ${entry}`, location);
    throw new CorruptRecordError(`the value of ${entry} was altered`, location, { cause });
  }
  const end = content.indexOf(LINE_BREAK);
  try {
    // A copy: the reply is a part of a larger buffer, which a value must not keep.
    return await serde.loadsTyped(
      content.toString("utf8", 0, end),
      Uint8Array.from(content.subarray(end + 1)),
    );
  } catch (cause) {
    throw new DeserializationError(`the value of ${entry} cannot be read`, location, { cause });
  }
}

function describeEntry([namespace, key]: CacheFullKey): string {
  return `cache entry ${quote(key)} in namespace ${quote(namespace)}`;
}

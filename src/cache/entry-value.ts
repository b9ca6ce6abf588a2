import type { CacheFullKey, SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { withChecksum, withoutChecksum } from "../checkpoint/records/checksum.js";
import { quote, reasonOf } from "../describe.js";
import { CorruptRecordError, DeserializationError, SerializationError } from "../errors.js";

const LINE_BREAK = 0x0a;

/**
 * A value as it is stored: the serializer's name of its type, a line break, its bytes, a checksum.
 *
 * @throws {SerializationError}
 */
export async function encodeValue(
  serde: SerializerProtocol,
  key: CacheFullKey,
  value: unknown,
): Promise<Buffer> {
  try {
    const [type, bytes] = await serde.dumpsTyped(value);
    return withChecksum(Buffer.concat([Buffer.from(`${type}\n`), bytes]));
  } catch (error) {
    throw new SerializationError(
      `the value of ${describeEntry(key)} cannot be serialized: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

/**
 * @param redisKey what the Redis keys of the entry's namespace begin with, for the error.
 * @throws {CorruptRecordError} when it is not as it was written; {@link DeserializationError} when the serializer refuses it.
 */
export async function decodeValue(
  serde: SerializerProtocol,
  key: CacheFullKey,
  stored: Buffer,
  redisKey: string,
): Promise<unknown> {
  const location = { key: redisKey };
  let content: Buffer;
  try {
    content = withoutChecksum(stored);
  } catch (cause) {
    throw new CorruptRecordError(`the value of ${describeEntry(key)} was altered`, location, { cause });
  }
  const end = content.indexOf(LINE_BREAK);
  try {
    // A copy: the reply is a part of a larger buffer, which a value must not keep.
    return await serde.loadsTyped(
      content.toString("utf8", 0, end),
      Uint8Array.from(content.subarray(end + 1)),
    );
  } catch (cause) {
    throw new DeserializationError(`the value of ${describeEntry(key)} cannot be read`, location, { cause });
  }
}

function describeEntry([namespace, key]: CacheFullKey): string {
  return `cache entry ${quote(key)} in namespace ${quote(namespace)}`;
}

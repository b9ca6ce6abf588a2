import { reasonOf } from "../../describe.js";
import {
  CorruptRecordError,
  type CorruptRecordLocation,
  DeserializationError,
  EncryptionError,
} from "../../errors.js";
import { SerializerFailure } from "../values/codec.js";

/** The error for something that cannot be read: not to be decrypted, damaged, or as it was written and yet refused by the serializer. */
export function unreadable(problem: string, location: CorruptRecordLocation, cause: unknown): Error {
  if (cause instanceof SerializerFailure) {
    return new DeserializationError(problem, location, { cause: cause.cause });
  }
  if (cause instanceof EncryptionError) return cause.at(problem, location);
  return new CorruptRecordError(`${problem}: ${reasonOf(cause)}`, location, { cause });
}

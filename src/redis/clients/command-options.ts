import type { CancelSignal } from "../cancellation.js";

/**
 * Types of replies as node-redis names them in its `RESP_TYPES`, by the byte that each begins with in the protocol.
 * They stand here again so that this package loads without node-redis.
 */
export const RESP_TYPES = {
  NUMBER: 58, // :
  DOUBLE: 44, // ,
  SIMPLE_STRING: 43, // +
  BLOB_STRING: 36, // $
  VERBATIM_STRING: 61, // =
  MAP: 37, // %
  SET: 126, // ~
} as const;

/**
 * How node-redis is to send a command and to decode its reply. These options travel with each command, so that replies
 * look the same whatever the client was created with, and the client itself stays as its owner configured it.
 */
const OPTIONS = {
  typeMapping: {
    [RESP_TYPES.BLOB_STRING]: Buffer,
    [RESP_TYPES.SIMPLE_STRING]: String,
    [RESP_TYPES.VERBATIM_STRING]: String,
    [RESP_TYPES.NUMBER]: Number,
    [RESP_TYPES.DOUBLE]: Number,
    [RESP_TYPES.MAP]: Array,
    [RESP_TYPES.SET]: Array,
  },
  // In the order in which they are given: "as soon as possible" would turn it round.
  asap: false,
  // How long to wait is ours to decide, see RetryingConnection.
  timeout: undefined,
};

export function commandOptions(abortSignal: CancelSignal) {
  return { ...OPTIONS, abortSignal };
}

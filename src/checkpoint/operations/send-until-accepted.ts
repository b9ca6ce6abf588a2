import { ThreadConflictError } from "../../errors.js";
import type { Arg, Reply } from "../../redis/command.js";
import type { ScriptCall } from "../../redis/script.js";
import type { SaverContext } from "../context.js";
import { execute } from "../scripts/execute.js";
import { ChunkUpload } from "../values/chunk-upload.js";
import type { EncodedValue } from "../values/encoded-value.js";

/** A refusal is answered with what was missing. That it is refused again means that others prune the thread. */
const MAX_ATTEMPTS = 5;

/** A call of a script that stores values with their chunks. */
export interface Upload {
  /** The name of the thread's first key. */
  readonly thread: string;
  /** What is stored, for messages. */
  readonly what: string;
  readonly values: readonly EncodedValue[];
  /** The call, with the values as they are encoded now and the arguments for their chunks. */
  call(values: readonly EncodedValue[], chunkArgs: readonly Arg[]): ScriptCall;
  /** The chunks that are missing, or undefined when all is stored. May throw the script's refusal. */
  missingOf(reply: Reply): readonly string[] | undefined;
}

/**
 * Sends values with the chunks that the thread is not believed to hold; where that was wrong, again with all of them.
 *
 * @returns the values as they were stored.
 * @throws {ThreadConflictError} when others remove chunks of the thread again and again.
 */
export async function sendUntilAccepted(
  context: SaverContext,
  upload: Upload,
): Promise<readonly EncodedValue[]> {
  const chunkUpload = new ChunkUpload(context.cache, upload.thread);
  let values = upload.values;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const prepared = chunkUpload.prepare(values) ?? (await chunkUpload.prepareRewritten(values));
    const reply = await execute(context.connection, upload.call(prepared.values, prepared.chunkArgs));
    const missing = upload.missingOf(reply);
    if (missing === undefined) {
      chunkUpload.accepted();
      return prepared.values;
    }
    chunkUpload.refused(missing);
    values = await Promise.all(prepared.values.map((value) => value.rewritten()));
  }
  throw new ThreadConflictError(
    `cannot store ${upload.what}: its thread lost chunks ${MAX_ATTEMPTS} times while they were being sent. ` +
      "Nothing was written. Try again when the thread is not being pruned.",
  );
}

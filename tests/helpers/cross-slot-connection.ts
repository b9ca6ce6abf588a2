import { COPY } from "../../src/checkpoint/scripts/index.js";
import type { Connection } from "../../src/redis/command.js";
import { asClient, type ConnectionClient } from "../../src/redis/connection.js";

/** A connection to one server that behaves as a cluster in which no two threads share a slot: it refuses COPY. */
export function crossSlotConnection(inner: Connection): ConnectionClient {
  const isCopy = (args: readonly unknown[]) =>
    String(args[1]) === COPY.sha || String(args[1]) === COPY.source;
  return asClient({
    pipeline: async (commands) =>
      commands.some(({ args }) => isCopy(args))
        ? [new Error("CROSSSLOT Keys in request don't hash to the same slot")]
        : inner.pipeline(commands),
  });
}

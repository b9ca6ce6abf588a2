import type { Reply } from "../../redis/command.js";
import { type PipelineEntry, Script } from "../../redis/script.js";
import type { StoreKeys } from "../keys.js";
import { registerStep, unregister } from "../namespaces/registry.js";
import { asError, type Outcome, type Plan } from "../pipeline.js";
import type { DeleteRequest, PutRequest } from "../requests.js";
import deleteSource from "./delete.lua";
import { type DocumentFormat, putCall, readPutReply, type TextVector } from "./index-document.js";

const DELETE = new Script(deleteSource);

/** A put with the vectors of its texts, or a delete. */
export type Write = { request: PutRequest; vectors: readonly TextVector[] } | { request: DeleteRequest };

/** What became of the writes of a batch. */
export interface Written {
  /** For each write: the version that a put has given its item, nothing for a delete. */
  outcomes: Outcome<number | undefined>[];
  /** The definition of the index as it was when they were done. */
  definition: string | undefined;
}

/** Does all writes of a batch together, in order. */
export function* writePlan(keys: StoreKeys, writes: readonly Write[], format: DocumentFormat): Plan<Written> {
  const puts = writes.map(({ request }) => request).filter((request) => request.kind === "put");
  const register: PipelineEntry[] =
    puts.length > 0
      ? [
          registerStep(
            keys,
            puts.map(({ namespace }) => namespace),
          ),
        ]
      : [];
  const replies = yield [
    ...register,
    ...writes.map((write) =>
      "vectors" in write
        ? putCall(keys, write.request, write.vectors, format)
        : deleteCall(keys, write.request),
    ),
    ...register,
    { key: keys.definition, args: ["GET", keys.definition] },
  ];
  const registered = replies.slice(0, register.length).find((reply) => reply instanceof Error);
  const own = replies.slice(register.length, register.length + writes.length);
  const emptied = new Map<string, string[]>();
  const outcomes = writes.map(({ request }, index): Outcome<number | undefined> => {
    try {
      const reply = own[index] as Reply | Error;
      if (reply instanceof Error) throw reply;
      if (request.kind === "put") {
        if (registered) throw registered;
        emptied.delete(JSON.stringify(request.namespace));
        return { ok: true, value: readPutReply(request, reply) };
      }
      if (reply === 0) emptied.set(JSON.stringify(request.namespace), request.namespace);
      return { ok: true, value: undefined };
    } catch (error) {
      return { ok: false, error: asError(error) };
    }
  });
  try {
    yield* unregister(keys, [...emptied.values()]);
  } catch {
    // The writes are done. Whoever lists the namespaces next takes off what was left on the registry.
  }
  const definition = replies.at(-1);
  return { outcomes, definition: definition instanceof Buffer ? definition.toString() : undefined };
}

function deleteCall(keys: StoreKeys, { namespace, key }: DeleteRequest) {
  const { document, member, namespace: own } = keys.ofItem(namespace, key);
  return DELETE.call([document, own.items, own.expiry], [member]);
}

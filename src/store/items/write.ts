import { randomBytes } from "node:crypto";
import type { Reply } from "../../redis/command.js";
import { type PipelineEntry, Script, type ScriptCall } from "../../redis/script.js";
import { VersionConflictError } from "../errors.js";
import type { StoreKeys } from "../keys.js";
import { registerEntry, unregister } from "../namespaces/registry.js";
import { asError, type Outcome, type PipelineTask } from "../pipeline.js";
import type { DeleteRequest, PutRequest } from "../requests.js";
import deleteSource from "./delete.lua";
import documentsSource from "./documents.lua";
import { type DocumentFormat, orderTail, type TextVector, toIndexFields } from "./index-document.js";
import { FIELD } from "./item.js";
import membersSource from "./members.lua";
import putSource from "./put.lua";

const PUT = new Script(membersSource, documentsSource, putSource);
const DELETE = new Script(membersSource, deleteSource);

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
export function* writeTask(
  keys: StoreKeys,
  writes: readonly Write[],
  format: DocumentFormat,
): PipelineTask<Written> {
  const puts = writes.map(({ request }) => request).filter((request) => request.kind === "put");
  const register: PipelineEntry[] =
    puts.length > 0
      ? [
          registerEntry(
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

/**
 * The script call that writes an item: its own document holds the value and the first vector, each further vector has
 * a document of its own, and all carry the tokens by which scope and filters find them.
 */
function putCall(
  keys: StoreKeys,
  request: PutRequest,
  vectors: readonly TextVector[],
  format: DocumentFormat,
): ScriptCall {
  const { document, member, namespace } = keys.ofItem(request.namespace, request.key);
  const { condition, fields } = request;
  const { parts, args } = toIndexFields(
    { namespace: request.namespace, value: request.value, vectors },
    format,
    [
      ...[FIELD.value, request.text],
      ...[FIELD.generation, String(format.generation)],
      ...(fields === undefined ? [] : [FIELD.fields, JSON.stringify(fields.map(({ source }) => source))]),
    ],
  );
  return PUT.call(
    [document, namespace.items, namespace.expiry],
    [
      randomBytes(9).toString("base64url"),
      condition === undefined ? "" : "absent" in condition ? "absent" : String(condition.version),
      String(request.ttl ?? 0),
      member,
      orderTail(request.namespace, member),
      parts,
      ...args,
    ],
  );
}

function deleteCall(keys: StoreKeys, { namespace, key }: DeleteRequest) {
  const { document, member, namespace: own } = keys.ofItem(namespace, key);
  return DELETE.call([document, own.items, own.expiry], [member]);
}

/**
 * The version that a put has given its item.
 *
 * @throws {VersionConflictError} when its condition did not hold.
 */
function readPutReply(request: PutRequest, reply: Reply): number {
  const [done, version] = reply as [number, Buffer];
  if (done === 1) return Number(version);
  const { condition } = request;
  throw new VersionConflictError(
    request.namespace,
    request.key,
    condition && "version" in condition ? condition.version : null,
    version.length === 0 ? null : Number(version),
  );
}

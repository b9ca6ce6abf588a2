import { randomBytes } from "node:crypto";
import type { Arg, Reply } from "../../redis/command.js";
import { Script, type ScriptCall } from "../../redis/script.js";
import { VersionConflictError } from "../errors.js";
import { memberKeys, type StoreKeys } from "../keys.js";
import { asError, type Outcome, type PipelineTask } from "../pipeline.js";
import type { DeleteRequest, PutRequest } from "../requests.js";
import deleteSource from "./delete.lua";
import documentsSource from "./documents.lua";
import {
  type DocumentFormat,
  documentArgs,
  orderTail,
  partNames,
  type TextVector,
} from "./index-document.js";
import { decodeMeta, FIELD, type ItemMeta } from "./item.js";
import membersSource from "./members.lua";
import putSource from "./put.lua";

const PUT = new Script(membersSource, documentsSource, putSource);
const DELETE = new Script(membersSource, deleteSource);

/** A put with the vectors of its texts, or a delete. */
export type Write = { request: PutRequest; vectors: readonly TextVector[] } | { request: DeleteRequest };

/** About how many bytes a write sends. */
export function sizeOf(write: Write): number {
  if (!("vectors" in write)) return 0;
  return write.vectors.reduce(
    (sum, { text, vector }) => sum + text.length + vector.byteLength,
    write.request.text.length,
  );
}

/** What documents are written for. */
export interface WriteFormat extends DocumentFormat {
  /** Fence of the definition of the index. */
  fence: number;
}

/** Never seen by users: the put was made for an index that does not serve any more. Nothing was written. */
export class OutdatedIndexError extends Error {
  /** @param serving The definition of the index that serves in the item's partition; "" when it does not know. */
  constructor(readonly serving: string) {
    super("the index was changed");
  }
}

/**
 * Does all writes of a batch together, in order: for each put what its item then has.
 *
 * @param format Known when there is a put.
 */
export function* writeTask(
  keys: StoreKeys,
  writes: readonly Write[],
  format: WriteFormat | undefined,
): PipelineTask<Outcome<ItemMeta | undefined>[]> {
  const calls = writes.map((write) =>
    "vectors" in write
      ? putCall(keys, write.request, write.vectors, format)
      : deleteCall(keys, write.request),
  );
  const replies = yield calls;
  return writes.map(({ request }, index): Outcome<ItemMeta | undefined> => {
    try {
      const reply = replies[index] as Reply | Error;
      if (reply instanceof Error) throw reply;
      return {
        ok: true,
        value: request.kind === "put" ? readPutReply(request, calls[index]?.keys[0] ?? "", reply) : undefined,
      };
    } catch (error) {
      return { ok: false, error: asError(error) };
    }
  });
}

/**
 * The script call that writes an item: its own document holds the value and the first vector, each further vector has
 * a document of its own, and all carry the tokens by which scope and filters find them.
 */
function putCall(
  keys: StoreKeys,
  request: PutRequest,
  vectors: readonly TextVector[],
  format: WriteFormat | undefined,
): ScriptCall {
  const { document, member, namespace } = keys.ofItem(request.namespace, request.key);
  if (!format) throw new TypeError("a put needs the index");
  const { condition, fields } = request;
  const parts = partNames(format.generation, vectors.length);
  const { codec } = format;
  const own: Arg[] = [FIELD.value, codec.encode(request.text, request, FIELD.value)];
  own.push(FIELD.generation, String(format.generation));
  if (fields !== undefined) {
    const sources = JSON.stringify(fields.map(({ source }) => source));
    own.push(FIELD.fields, codec.encode(sources, request, FIELD.fields));
  }
  // Most items have one document. A field that says so would take memory.
  if (parts !== "") own.push(FIELD.parts, parts);
  return PUT.call(
    [document, namespace.partition.serving, ...memberKeys(namespace)],
    [
      randomToken(),
      condition === undefined ? "" : "absent" in condition ? "absent" : String(condition.version),
      String(request.ttl ?? 0),
      member,
      orderTail(request.namespace, member),
      namespace.name,
      String(format.fence),
      parts,
      ...documentArgs({ namespace: request.namespace, value: request.value, vectors }, format, own),
    ],
  );
}

/** Bytes of a token, and of so many that are drawn together: one by one they take longer than all else of a put. */
const TOKEN_BYTES = 9;
const TOKENS_TOGETHER = 256;
let random = Buffer.alloc(0);
let drawn = 0;

/** What no other operation has: 72 random bits, in twelve characters. */
function randomToken(): string {
  if (drawn === random.length) {
    random = randomBytes(TOKEN_BYTES * TOKENS_TOGETHER);
    drawn = 0;
  }
  drawn += TOKEN_BYTES;
  return random.toString("base64url", drawn - TOKEN_BYTES, drawn);
}

function deleteCall(keys: StoreKeys, { namespace, key }: DeleteRequest) {
  const { document, member, namespace: own } = keys.ofItem(namespace, key);
  return DELETE.call([document, ...memberKeys(own)], [member, own.name]);
}

/**
 * What the item has that was put.
 *
 * @param document The key of the item's document.
 * @throws {VersionConflictError} when its condition did not hold; {@link OutdatedIndexError}.
 */
function readPutReply(request: PutRequest, document: string, reply: Reply): ItemMeta {
  const { namespace, key, condition } = request;
  const [done, said] = reply as [number, Buffer];
  if (done === -1) throw new OutdatedIndexError(said.toString());
  if (done === 1) return decodeMeta(said, document);
  throw new VersionConflictError(
    namespace,
    key,
    condition && "version" in condition ? condition.version : null,
    said.length === 0 ? null : Number(said),
  );
}

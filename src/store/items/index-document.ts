import { createHash, randomBytes } from "node:crypto";
import type { Arg, Reply } from "../../redis/command.js";
import { Script, type ScriptCall } from "../../redis/script.js";
import { toBytes } from "../embedding/embedder.js";
import { wordsOf } from "../embedding/tokenize.js";
import { VersionConflictError } from "../errors.js";
import { describeValue } from "../filter/tokens.js";
import type { StoreKeys } from "../keys.js";
import { boundedToken, encodeNamespace, scopeTokens } from "../namespaces/encoding.js";
import rewriteSource from "../operations/rewrite.lua";
import type { PutRequest } from "../requests.js";
import { FIELD } from "./item.js";
import type { Json } from "./json.js";
import putSource from "./put.lua";

const PUT = new Script(putSource);
const REWRITE = new Script(rewriteSource);

/** Separates the tokens of a TAG field; none of them contains it. */
export const TAG_SEPARATOR = ",";

/** What documents are, for the index. An item's own document is an item, and has a vector or not. */
export const KIND = { item: "item", vector: "vector" } as const;

/** One text of an item with its vector. */
export interface TextVector {
  text: string;
  vector: Float32Array;
}

/** How documents are written at present. */
export interface DocumentFormat {
  /** Generation of the index, which names the field that holds the vector. */
  generation: number;
  numericFields: readonly string[];
  /** Whether words are indexed beside vectors. */
  text: boolean;
}

/** What of an item the index finds it by. */
export interface Described {
  namespace: readonly string[];
  value: Json;
  vectors: readonly TextVector[];
}

/**
 * The script call that writes an item: its own document holds the value and the first vector, each further vector has
 * a document of its own, and all carry the tokens by which scope and filters find them.
 */
export function putCall(
  keys: StoreKeys,
  request: PutRequest,
  vectors: readonly TextVector[],
  format: DocumentFormat,
): ScriptCall {
  const { document, member, namespace } = keys.ofItem(request.namespace, request.key);
  const { condition, fields } = request;
  const { parts, args } = describe({ namespace: request.namespace, value: request.value, vectors }, format, [
    ...[FIELD.value, request.text],
    ...[FIELD.generation, String(format.generation)],
    ...(fields === undefined ? [] : [FIELD.fields, JSON.stringify(fields.map(({ source }) => source))]),
  ]);
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

/**
 * What orders items of the same millisecond: by key, then by namespace, both as they are encoded, byte by byte. The
 * separator is less than any byte of these, so that a key stands before those that begin with it.
 */
export function orderTail(namespace: readonly string[], member: string): string {
  return `!${boundedToken(member)}!${boundedToken(encodeNamespace(namespace))}`;
}

/** The script call that describes an item for another generation of the index, if it still has this version. */
export function rewriteCall(
  document: string,
  version: number,
  described: Described,
  format: DocumentFormat,
): ScriptCall {
  const { parts, args } = describe(described, format, []);
  return REWRITE.call([document], [String(version), String(format.generation), parts, ...args]);
}

/** Names of an item's further documents, and the fields of all of its documents, as the scripts take them. */
function describe({ namespace, value, vectors }: Described, format: DocumentFormat, own: readonly Arg[]) {
  const { tokens, numbers } = describeValue(value, format.numericFields);
  const shared: Arg[] = [
    ...[FIELD.scope, scopeTokens(namespace).join(TAG_SEPARATOR)],
    ...[FIELD.paths, tokens.join(TAG_SEPARATOR)],
    ...[...numbers].flatMap(([path, number]) => [FIELD.number(path), String(number)]),
  ];
  const vectorFields = ({ text, vector }: TextVector): Arg[] => [
    ...[FIELD.vector(format.generation), toBytes(vector)],
    ...[FIELD.text(format.generation), digestOf(text)],
    ...(format.text ? [FIELD.words(format.generation), wordsOf(text).join(" ")] : []),
  ];
  const [first, ...others] = vectors;
  const documents: Arg[][] = [
    [
      ...own,
      ...[FIELD.kind, first ? KIND.item + TAG_SEPARATOR + KIND.vector : KIND.item],
      ...(first ? vectorFields(first) : []),
    ],
    ...others.map((other) => [FIELD.kind, KIND.vector, ...vectorFields(other)]),
  ];
  return {
    parts: others.map((_, index) => `${format.generation}.${index + 1} `).join(""),
    args: [shared, ...documents].flatMap((fields) => [String(fields.length), ...fields]),
  };
}

/** By which a text is recognised that a vector was made from. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/**
 * The version that a put has given its item.
 *
 * @throws {VersionConflictError} when its condition did not hold.
 */
export function readPutReply(request: PutRequest, reply: Reply): number {
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

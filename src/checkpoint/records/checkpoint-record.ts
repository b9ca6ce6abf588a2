import type { Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { repeatable } from "../../describe.js";
import { SerializationError } from "../../errors.js";
import { digestOf, splitNames } from "../values/chunk.js";
import type { ValueCodec } from "../values/codec.js";
import type { ContentCodec } from "../values/content-codec.js";
import { withChecksum, withoutChecksum } from "./checksum.js";

/**
 * A checkpoint is stored as a header, which is a line of JSON with a checksum, and a body.
 *
 * The header is what scripts read. They add the last three of its properties, because these depend on the parent. Its properties
 * have short names, because each checkpoint has one.
 */
export interface RecordHeader {
  /** The names of the chunks that the record refers to, one after the other. */
  readonly c?: string;
  /** The digest of the body. */
  readonly b: string;
  /** The checkpoint's `ts` in milliseconds, when it is a time. The body repeats it only where it is written in another way. */
  readonly t?: number;
  /** The format version, when it is below 4: then the pending sends are writes of the parent. */
  readonly v?: number;
  /** The encoded id of the run that made it. */
  readonly r?: string;
  /** The field of the checkpoint that a task's namespace hangs on; only where no history is kept. */
  readonly u?: string;
  /** The digest of the channel versions; only where no history is kept. */
  readonly s?: string;
  /** The parent's id. */
  readonly p?: string;
  /** The names of the delta channels. */
  readonly d?: readonly string[];
  /** Why it needs its parent: 1, a delta channel is read from there; 2, its pending sends are. */
  readonly n?: 1 | 2;
  /** The parent that it needs was not there when it was put: it had never been there, or was to come. */
  readonly o?: 1;
}

/** What scripts never look into: packed JSON. */
export interface RecordBody {
  /** The checkpoint without its id, values and versions; `v` only when it is not 4. */
  readonly checkpoint: Partial<Omit<Checkpoint, "id" | "channel_values" | "channel_versions">>;
  readonly versions: Checkpoint["channel_versions"];
  /** The reference of each channel's value. */
  readonly channels: Readonly<Record<string, string>>;
  /** The properties of the checkpoint in the order in which they were given, where it is not LangGraph's. */
  readonly order?: readonly string[];
  /** As JSON where the serializer writes JSON, else its type name and its bytes in base64. */
  readonly metadata: unknown;
  readonly metadataType?: string;
}

/** The order in which LangGraph makes them. */
const PROPERTIES = ["v", "id", "ts", "channel_values", "channel_versions", "versions_seen"];

const CURRENT_VERSION = 4;

/** Characters of a digest that is only to notice that something was altered. */
const CHECK_LENGTH = 10;

/** What of a record is known before its values are encoded. */
export interface RecordDraft {
  readonly header: Omit<RecordHeader, "b" | "c" | "p" | "d" | "n">;
  /** JSON of the body without its channels and closing brace. */
  readonly body: string;
}

/**
 * Reads all of a checkpoint but its values, before it returns.
 *
 * @throws {SerializationError} naming `what`.
 */
export function draftRecord(
  codec: ValueCodec,
  checkpoint: Checkpoint,
  metadata: CheckpointMetadata | undefined,
  { r, u, isLatestOnly }: Pick<RecordHeader, "r" | "u"> & { readonly isLatestOnly: boolean },
  what: string,
): RecordDraft | Promise<RecordDraft> {
  const { id: _id, v = CURRENT_VERSION, channel_values: _values, channel_versions, ...others } = checkpoint;
  const versions = plainJson(channel_versions ?? {}, what);
  const time = Date.parse(checkpoint.ts);
  if (timestampOf(time) === checkpoint.ts) delete (others as Partial<typeof others>).ts;
  const rest = plainJson(v === CURRENT_VERSION ? others : { v, ...others }, what);
  const order = Object.keys(checkpoint);
  const isUsual = order.length === PROPERTIES.length && order.every((name, at) => name === PROPERTIES[at]);
  const header = {
    t: Number.isNaN(time) ? undefined : time,
    v: v < CURRENT_VERSION ? v : undefined,
    r,
    u,
    s: isLatestOnly ? versionsDigest(channel_versions ?? {}) : undefined,
  };
  const beginning = `{"checkpoint":${rest},"versions":${versions}${isUsual ? "" : `,"order":${JSON.stringify(order)}`}`;
  const draft = (written: Awaited<ReturnType<ValueCodec["encodeText"]>>): RecordDraft => {
    if ("json" in written) return { header, body: `${beginning},"metadata":${written.json}` };
    const base64 = Buffer.from(written.data).toString("base64");
    const type = JSON.stringify(written.type);
    return { header, body: `${beginning},"metadata":"${base64}","metadataType":${type}` };
  };
  const written = codec.encodeText(metadata ?? {}, `the metadata of ${what}`);
  return written instanceof Promise ? written.then(draft) : draft(written);
}

/** A time as LangGraph writes it. */
function timestampOf(milliseconds: number): string | undefined {
  return Number.isNaN(milliseconds) ? undefined : new Date(milliseconds).toISOString();
}

/**
 * The arguments for scripts/put.lua: the header without its closing brace, parent and need; the body.
 *
 * @param roots the names of the chunks that the references name.
 * @param field that of the checkpoint.
 */
export function encodeRecord(
  contents: ContentCodec,
  draft: RecordDraft,
  references: Readonly<Record<string, string>>,
  roots: ReadonlySet<string>,
  { field, parentId }: { readonly field: string; readonly parentId: string | undefined },
): { header: string; body: Buffer } {
  const names = [...roots];
  const short = Object.entries(references).map(([channel, reference]) => [
    channel,
    shorten(reference, names),
  ]);
  const c = names.length === 0 ? undefined : names.join("");
  const body = contents.packText(
    `${draft.body},"channels":${JSON.stringify(Object.fromEntries(short))}}`,
    bodyPlace(field, { c, ...draft.header }, parentId),
  );
  const header: RecordHeader = {
    c,
    b: bodyDigest(body),
    ...draft.header,
  };
  return { header: JSON.stringify(header).slice(0, -1), body };
}

/**
 * Where a body belongs: to a checkpoint with these properties in its header. Those that scripts add are not among them, but
 * for the parent.
 *
 * @param field that of the checkpoint.
 */
export function bodyPlace(
  field: string,
  { c, t, v, r, u, s }: Omit<RecordHeader, "b" | "p">,
  parentId: string | undefined,
): string[] {
  const parent = parentId === undefined ? "" : `=${parentId}`;
  return ["checkpoint", field, JSON.stringify([c, t, v, r, u, s]), parent];
}

/** A reference with the positions of chunks in the header's `c` instead of their names, which stand there. */
export function shorten(reference: string, names: readonly string[]): string {
  if (!/^[wa]/.test(reference)) return reference;
  return reference.replace(NAME, (name) => {
    const at = names.indexOf(name);
    return at === -1 ? name : `$${at}`;
  });
}

/** The inverse of {@link shorten}. */
export function lengthen(reference: string, names: readonly string[]): string {
  if (!/^[wa]/.test(reference)) return reference;
  return reference.replace(/\$(\d+)/g, (position, at) => names[Number(at)] ?? position);
}

const NAME = /(?<=^[wa]|\+)[\w-]{20}/g;

function versionsDigest(versions: Checkpoint["channel_versions"]): string {
  const entries = Object.entries(versions).sort(([a], [b]) => (a < b ? -1 : 1));
  return digestOf(Buffer.from(JSON.stringify(entries), "utf8")).slice(0, CHECK_LENGTH);
}

/** The JSON of what is no value of a channel, without the serializer. @throws {SerializationError} naming `what`. */
function plainJson(value: object, what: string): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new SerializationError(
      `cannot store ${what}: its versions or other properties have no JSON form. Nothing was written.`,
      { cause },
    );
  }
}

/** The checkpoint of a record, its properties in the order in which they were given. */
export function assembleCheckpoint(
  { checkpoint: rest, versions, order = PROPERTIES }: RecordBody,
  id: string,
  values: Checkpoint["channel_values"],
): Checkpoint {
  const properties = { v: CURRENT_VERSION, ...rest, id, channel_values: values, channel_versions: versions };
  const names = [...new Set([...order, ...Object.keys(properties)])];
  const present = names.filter((name) => Object.hasOwn(properties, name));
  return Object.fromEntries(
    present.map((name) => [name, properties[name as keyof typeof properties]]),
  ) as unknown as Checkpoint;
}

const LINE_BREAK = 0x0a;

/**
 * A record, parsed.
 *
 * @param field that of the checkpoint.
 * @throws {Error} when it was altered, or is not of that shape.
 */
export function decodeRecord(
  contents: ContentCodec,
  field: string,
  record: Buffer,
): { header: RecordHeader; body: RecordBody } {
  const { header, packed } = splitRecord(record);
  const { channels, ...body } = JSON.parse(openBody(contents, field, header, packed)) as RecordBody;
  const names = splitNames(header.c ?? "");
  const references = Object.entries(channels).map(([channel, each]) => [channel, lengthen(each, names)]);
  const time = header.t === undefined ? {} : { ts: timestampOf(header.t) };
  return {
    header,
    body: { ...body, checkpoint: { ...time, ...body.checkpoint }, channels: Object.fromEntries(references) },
  };
}

/** What of a record can be read without the key that encrypts it. @throws {Error} when it was altered. */
export function decodeHeader(record: Buffer): { header: RecordHeader; ts: string | undefined } {
  const { header } = splitRecord(record);
  return { header, ts: header.t === undefined ? undefined : timestampOf(header.t) };
}

/** The header of a record, its text without the checksum, and its packed body. @throws {Error} when it was altered. */
export function splitRecord(record: Buffer): { header: RecordHeader; headerText: string; packed: Buffer } {
  const end = record.indexOf(LINE_BREAK);
  if (end === -1) throw repeatable(new Error("it was altered"));
  const headerText = withoutChecksum(record.subarray(0, end)).toString("utf8");
  const header = JSON.parse(headerText) as RecordHeader;
  const packed = record.subarray(end + 1);
  if (bodyDigest(packed) !== header.b) throw repeatable(new Error("it was altered"));
  return { header, headerText, packed };
}

/** The inverse of {@link splitRecord}. */
export function joinRecord(headerText: string, packed: Buffer): Buffer {
  return Buffer.concat([withChecksum(Buffer.from(headerText, "utf8")), Buffer.from([LINE_BREAK]), packed]);
}

export function bodyDigest(packed: Buffer): string {
  return digestOf(packed).slice(0, CHECK_LENGTH);
}

/** The text of a body. @throws {Error} when it cannot be read. */
export function openBody(
  contents: ContentCodec,
  field: string,
  header: RecordHeader,
  packed: Buffer,
): string {
  return contents.unpackText(packed, bodyPlace(field, header, header.p));
}

export async function decodeMetadata(codec: ValueCodec, body: RecordBody): Promise<CheckpointMetadata> {
  const metadata = await (body.metadataType === undefined
    ? codec.load("json", JSON.stringify(body.metadata))
    : codec.load(body.metadataType, new Uint8Array(Buffer.from(body.metadata as string, "base64"))));
  return metadata as CheckpointMetadata;
}

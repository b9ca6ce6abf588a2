import type { Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { repeatable } from "../../describe.js";
import { SerializationError } from "../../errors.js";
import type { ValueCodec } from "../values/codec.js";
import { unseal } from "./checksum.js";

/**
 * A checkpoint is stored as two lines of JSON and a seal.
 *
 * The head is what the scripts read, and partly write: the format version, the parent's id, the channels'
 * versions and the reference of each channel's value. The body is ours alone: the rest of the checkpoint and the
 * metadata, which the scripts hand on untouched (Lua would turn `[]` into `{}` and round large numbers).
 */
export interface RecordHead {
  readonly v: number;
  readonly parent?: string;
  readonly versions: Checkpoint["channel_versions"];
  /** The channels whose values are spread over the writes of the ancestors. */
  readonly delta?: readonly string[];
  /** The encoded id of the run that made it. */
  readonly run?: string;
  /** The checkpoint that a task's namespace hangs on; only where no history is kept. */
  readonly under?: string;
  readonly channels: Readonly<Record<string, string>>;
}

export interface RecordBody {
  /** The checkpoint without its id, values and versions. */
  readonly checkpoint: Omit<Checkpoint, "id" | "v" | "channel_values" | "channel_versions">;
  /** The properties of the checkpoint in the order in which they were given, where it is not LangGraph's. */
  readonly order?: readonly string[];
  /** As JSON where the serializer writes JSON, else its type name and its bytes in base64. */
  readonly metadata: unknown;
  readonly metadataType?: string;
}

/** The order in which LangGraph makes them. */
const PROPERTIES = ["v", "id", "ts", "channel_values", "channel_versions", "versions_seen"];

/** The body line of a new checkpoint. @throws {SerializationError} naming `what`. */
export async function encodeBody(
  codec: ValueCodec,
  checkpoint: Checkpoint,
  metadata: CheckpointMetadata,
  what: string,
): Promise<string> {
  const { id: _id, v: _v, channel_values: _values, channel_versions: _versions, ...rest } = checkpoint;
  const order = Object.keys(checkpoint);
  const usual = order.length === PROPERTIES.length && order.every((name, at) => name === PROPERTIES[at]);
  const beginning = `{"checkpoint":${plainJson(rest, what)}${usual ? "" : `,"order":${JSON.stringify(order)}`}`;
  const written = await codec.encodeText(metadata, `the metadata of ${what}`);
  if ("json" in written) return `${beginning},"metadata":${written.json}}`;
  const base64 = Buffer.from(written.data).toString("base64");
  return `${beginning},"metadata":"${base64}","metadataType":${JSON.stringify(written.type)}}`;
}

/** The JSON of what is no value of a channel, without the serializer. @throws {SerializationError} naming `what`. */
export function plainJson(value: object, what: string): string {
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
  head: RecordHead,
  { checkpoint: rest, order = PROPERTIES }: RecordBody,
  id: string,
  values: Checkpoint["channel_values"],
): Checkpoint {
  const properties = { ...rest, v: head.v, id, channel_values: values, channel_versions: head.versions };
  const names = [...new Set([...order, ...Object.keys(properties)])];
  const present = names.filter((name) => Object.hasOwn(properties, name));
  return Object.fromEntries(
    present.map((name) => [name, properties[name as keyof typeof properties]]),
  ) as unknown as Checkpoint;
}

/** The two lines of a record, parsed. @throws {Error} when it was altered, or they are not JSON of that shape. */
export function decodeRecord(record: Buffer): { head: RecordHead; body: RecordBody } {
  const [headLine = "", bodyLine = ""] = unseal(record).split("\n");
  const head = JSON.parse(headLine) as RecordHead;
  if (typeof head?.channels !== "object")
    throw repeatable(new Error("the record's first line names no channels"));
  return { head, body: decodeBody(bodyLine) };
}

export function decodeBody(line: string): RecordBody {
  const body = JSON.parse(line) as RecordBody;
  if (typeof body?.checkpoint !== "object")
    throw repeatable(new Error("the record's second line holds no checkpoint"));
  return body;
}

export async function decodeMetadata(codec: ValueCodec, body: RecordBody): Promise<CheckpointMetadata> {
  const metadata = await (body.metadataType === undefined
    ? codec.load("json", JSON.stringify(body.metadata))
    : codec.load(body.metadataType, new Uint8Array(Buffer.from(body.metadata as string, "base64"))));
  return metadata as CheckpointMetadata;
}

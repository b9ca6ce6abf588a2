import {
  bodyDigest,
  joinRecord,
  lengthen,
  type RecordHeader,
  shorten,
} from "../records/checkpoint-record.js";
import { splitNames } from "../values/chunk.js";

/** The references of the channels are the last property of a body, and no other one holds this outside of a string. */
const CHANNELS = ',"channels":';

/** The references of the channels in the text of a body, with the names of chunks in full. */
export function referencesIn(text: string, { c = "" }: RecordHeader): string[] {
  const names = splitNames(c);
  return Object.values(channelsIn(text).channels).map((reference) => lengthen(reference, names));
}

/** The text of a body with other references. @param names the new ones of the record. */
export function replaceReferences(
  text: string,
  { c = "" }: RecordHeader,
  names: readonly string[],
  replace: (reference: string) => string,
): string {
  const { at, channels } = channelsIn(text);
  const before = splitNames(c);
  const entries = Object.entries(channels).map(([channel, reference]) => [
    channel,
    shorten(replace(lengthen(reference, before)), names),
  ]);
  return `${text.slice(0, at)}${JSON.stringify(Object.fromEntries(entries))}}`;
}

function channelsIn(text: string): { at: number; channels: Record<string, string> } {
  const at = text.lastIndexOf(CHANNELS) + CHANNELS.length;
  return { at, channels: JSON.parse(text.slice(at, -1)) as Record<string, string> };
}

const NAMES_AND_DIGEST = /^\{(?:"c":"[\w-]*",)?"b":"[\w-]*"/;

/** A record with other names and another body; all else in its header stays. */
export function replaceBody(headerText: string, c: string | undefined, packed: Buffer): Buffer {
  const beginning = JSON.stringify({ c, b: bodyDigest(packed) }).slice(0, -1);
  return joinRecord(
    headerText.replace(NAMES_AND_DIGEST, () => beginning),
    packed,
  );
}

/** The references in the text of pending writes: the path of the task, then a channel and a reference after the other. */
export function writtenReferences(text: string): string[] {
  return text.split("\n").filter((_, at) => isReference(at));
}

/** The text of pending writes with other references. */
export function replaceWritten(text: string, replace: (reference: string) => string): string {
  const lines = text.split("\n");
  return lines.map((line, at) => (isReference(at) ? replace(line) : line)).join("\n");
}

function isReference(line: number): boolean {
  return line > 0 && line % 2 === 0;
}

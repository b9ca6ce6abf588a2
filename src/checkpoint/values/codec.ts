import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import type { Cipher } from "../../encryption/cipher.js";
import { ChangeTracker, snapshotsOfAll } from "../cache/change-tracker.js";
import { type KnownSegment, type KnownValue, NOTHING_KNOWN } from "../cache/known-value.js";
import { JsonSerializer } from "../serde/serializer.js";
import { remake, type Snapshot, snapshotOfJson } from "../serde/snapshot.js";
import { decodeSegment } from "./chunk.js";
import { type Compressor, NO_COMPRESSION } from "./compression.js";
import { type ContentCodec, PlainCodec } from "./content-codec.js";
import { type ChunkSource, type DecodedValue, decodeValue, type SegmentReader } from "./decode-value.js";
import {
  encodeFramed,
  encodeJson,
  serialize,
  serializerRefused,
  stringify,
  type ThreadTracker,
} from "./encode-value.js";
import type { EncodedValue } from "./encoded-value.js";
import { EncryptedCodec } from "./encrypted-codec.js";
import type { EncodingTarget } from "./list-encoder.js";

/** What the serializer threw when it was given bytes that are as they were written. */
export class SerializerFailure extends Error {
  constructor(override readonly cause: unknown) {
    super("the serializer cannot read it");
  }
}

function bySerializer<T>(read: () => T | Promise<T>): T | Promise<T> {
  const fail = (cause: unknown): never => {
    throw new SerializerFailure(cause);
  };
  try {
    const value = read();
    return value instanceof Promise ? value.catch(fail) : value;
  } catch (cause) {
    return fail(cause);
  }
}

/** A value in one piece. */
export type EncodedText = { readonly json: string } | { readonly type: string; readonly data: Uint8Array };

/** A value that checkpoints may share stands in each of their records when a chunk of its own would cost more. */
const SHARED_INLINE_LIMIT = 64;

/**
 * A value that is named once stands there, packed with what is around it, unless it is large: that of a pending write, or
 * of a channel that LangGraph keeps for one step only.
 */
export const UNSHARED_INLINE_LIMIT = 2_048;

/** Turns values into references and chunks, and back, with the saver's serializer. */
export class ValueCodec {
  private readonly json: JsonSerializer | undefined;
  private readonly tracker: ChangeTracker | undefined;
  private readonly plain: PlainCodec;

  /**
   * @param tracksChanges whether to keep snapshots of what was stored, so that it is not serialized again.
   * @param cipher encrypts what is stored; by default nothing is encrypted.
   */
  constructor(
    readonly serde: SerializerProtocol,
    tracksChanges: boolean,
    private readonly compressor: Compressor = NO_COMPRESSION,
    private readonly cipher?: Cipher,
  ) {
    this.plain = new PlainCodec(compressor);
    // A subclass may write something else than JSON.
    this.json = serde.constructor === JsonSerializer ? (serde as JsonSerializer) : undefined;
    this.tracker = this.json && tracksChanges ? new ChangeTracker() : undefined;
  }

  /** How the contents of a thread are stored. */
  contentsOf(thread: string): ContentCodec {
    return this.encryptedContentsOf(thread) ?? this.plain;
  }

  /** The same; undefined where nothing is encrypted. */
  encryptedContentsOf(thread: string): EncryptedCodec | undefined {
    const { cipher, compressor } = this;
    return cipher && new EncryptedCodec(cipher.within(thread), compressor);
  }

  /**
   * Encodes the value of a channel, at once: a promise only when a serializer makes one.
   *
   * @param thread identifies the thread that the value is for.
   * @param known what is known of the channel in the checkpoint that the thread is believed to hold.
   * @param inlineLimit a value of at most so many bytes stands in the reference itself.
   * @throws {SerializationError} naming `what`, when the serializer refuses the value.
   */
  encode(
    value: unknown,
    what: string,
    thread: string,
    known: KnownValue,
    inlineLimit = SHARED_INLINE_LIMIT,
  ): EncodedValue | Promise<EncodedValue> {
    return this.encodeFor(value, what, thread, { known, inlineLimit, grows: true });
  }

  /** As {@link encode}, for a pending write. */
  encodeWrite(value: unknown, what: string, thread: string): EncodedValue | Promise<EncodedValue> {
    const target = { known: NOTHING_KNOWN, inlineLimit: UNSHARED_INLINE_LIMIT, grows: false };
    return this.encodeFor(value, what, thread, target);
  }

  /**
   * Reads a value back: a new one with every call.
   *
   * @param before what was known of the value's channel.
   * @throws {Error} saying what is missing, altered or malformed.
   */
  decode(reference: string, chunk: ChunkSource, thread: string, before = NOTHING_KNOWN): DecodedValue {
    const contents = this.contentsOf(thread);
    const reader: SegmentReader = {
      read: (segment) => this.parse(segment),
      readSealed: (name, known, segment) => {
        const snapshots =
          this.tracker && this.snapshotsOf(known, () => segment ?? contents.unpackKnown(name, known.stored));
        const elements = snapshots
          ? bySerializer(() => snapshots.map(remake))
          : this.parse(segment ?? contents.unpackKnown(name, known.stored));
        if (!(elements instanceof Promise)) this.tracker?.trackRead(elements, name, thread);
        return elements;
      },
    };
    return decodeValue(reference, chunk, contents, before, reader);
  }

  /**
   * A value as JSON text where the serializer writes JSON, else its type and bytes; a promise only when a serializer makes
   * one.
   *
   * @throws {SerializationError} naming `what`.
   */
  encodeText(value: unknown, what: string): EncodedText | Promise<EncodedText> {
    const { json } = this;
    if (!json || value instanceof Uint8Array)
      return serialize(this.serde, value, what).then(([type, data]) => ({ type, data }));
    return this.readable({ json: stringify(json, value, what) }, what);
  }

  /** Reads what {@link encodeText} wrote. @throws {SerializerFailure} */
  async load(type: string, data: Uint8Array | string): Promise<unknown> {
    return bySerializer(() => this.serde.loadsTyped(type, data));
  }

  private encodeFor(
    value: unknown,
    what: string,
    thread: string,
    options: Omit<EncodingTarget, "contents">,
  ): EncodedValue | Promise<EncodedValue> {
    const { json } = this;
    const target: EncodingTarget = { ...options, contents: this.contentsOf(thread) };
    if (!json) return encodeFramed(this.serde, value, what, target);
    const encoded = encodeJson(json, this.trackerOf(thread, target), value, what, target);
    return this.readable(encoded, what);
  }

  /** The same, once the classes in what was encoded have turned out to be readable. */
  private readable<T>(encoded: T, what: string): T | Promise<T> {
    const readable = this.json?.readable();
    if (readable === undefined) return encoded;
    return readable.then(
      () => encoded,
      (cause) => Promise.reject(serializerRefused(what, cause)),
    );
  }

  private parse(segment: Buffer): unknown[] | Promise<unknown[]> {
    const content = decodeSegment(segment);
    return bySerializer(() => {
      if ("frames" in content) {
        return Promise.all(content.frames.map(([type, data]) => this.serde.loadsTyped(type, data)));
      }
      if (!this.json) return this.serde.loadsTyped("json", content.json);
      return this.json.parse(content.json) as unknown[] | Promise<unknown[]>;
    });
  }

  private trackerOf(thread: string, { known, contents }: EncodingTarget): ThreadTracker | undefined {
    const { tracker } = this;
    if (!tracker) return undefined;
    const snapshotsOf = (name: string) => {
      const segment = known.segments.get(name);
      return segment && this.snapshotsOf(segment, () => contents.unpackKnown(name, segment.stored));
    };
    return { tracker, thread, snapshotsOf };
  }

  /**
   * What the elements of a segment look like; undefined when there are no snapshots of them. To take these when the segment is
   * read costs little: the elements are made from them, and neither has the segment to be read again when they are
   * compared with it, nor when it is read another time.
   */
  private snapshotsOf(known: KnownSegment, segment: () => Buffer): readonly Snapshot[] | undefined {
    if (known.snapshots) return known.snapshots;
    const content = decodeSegment(segment());
    known.snapshots =
      "json" in content ? snapshotsOfAll(JSON.parse(content.json), snapshotOfJson) : undefined;
    return known.snapshots;
  }
}

import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { allOf, ChangeTracker } from "../cache/change-tracker.js";
import { NOTHING_KNOWN } from "../cache/value-cache.js";
import { JsonSerializer } from "../serde/serializer.js";
import { remake, type Snapshot, snapshotOfJson } from "../serde/snapshot.js";
import { decodeRun } from "./chunk.js";
import { AS_IS, type Packer, unpack } from "./compression.js";
import { type ChunkSource, type DecodedValue, decodeValue } from "./decode.js";
import { encodeFramed, encodeJson, type Memory, serialize, serializerRefused } from "./encode.js";
import type { EncodedValue } from "./encoded-value.js";
import type { Beliefs } from "./run-writer.js";

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

/** Turns values into references and chunks, and back, with the saver's serializer. */
export class ValueCodec {
  private readonly json: JsonSerializer | undefined;
  private readonly stored: ChangeTracker | undefined;
  /** What the elements of known runs look like: as long as the bytes are known, which are the same from read to read. */
  private readonly snapshots = new WeakMap<Buffer, readonly Snapshot[]>();

  /** @param remember whether to keep snapshots of what was stored, so that it is not serialized again. */
  constructor(
    readonly serde: SerializerProtocol,
    remember: boolean,
    private readonly pack: Packer = AS_IS,
  ) {
    // A subclass may write something else than JSON.
    this.json = serde.constructor === JsonSerializer ? (serde as JsonSerializer) : undefined;
    this.stored = this.json && remember ? new ChangeTracker() : undefined;
  }

  /**
   * @param thread identifies the thread that the value is for, and `beliefs` says what it is believed to hold.
   * @throws {SerializationError} naming `what`, when the serializer refuses the value.
   */
  async encode(value: unknown, what: string, thread: string, beliefs: Beliefs): Promise<EncodedValue> {
    if (!this.json) return encodeFramed(this.serde, value, what, beliefs, this.pack);
    const encoded = encodeJson(this.json, this.memoryOf(thread, beliefs), value, what, beliefs, this.pack);
    await this.json.readable()?.catch((cause) => Promise.reject(serializerRefused(what, cause)));
    return encoded;
  }

  /**
   * Reads a value back: a new one with every call.
   *
   * @param before what was known of the value's channel.
   * @throws {Error} saying what is missing, altered or malformed.
   */
  decode(reference: string, chunk: ChunkSource, thread: string, before = NOTHING_KNOWN): DecodedValue {
    return decodeValue(reference, chunk, before, (run, finished, again) =>
      this.readRun(run, finished, again, thread),
    );
  }

  /** A value as JSON text where the serializer writes JSON, else its type and bytes. */
  async encodeText(
    value: unknown,
    what: string,
  ): Promise<{ json: string } | { type: string; data: Uint8Array }> {
    const [type, data] = await serialize(this.serde, value, what);
    return this.json && type === "json" ? { json: Buffer.from(data).toString("utf8") } : { type, data };
  }

  /** Reads what {@link encodeText} wrote. @throws {SerializerFailure} */
  async load(type: string, data: Uint8Array | string): Promise<unknown> {
    return bySerializer(() => this.serde.loadsTyped(type, data));
  }

  private readRun(
    run: Buffer,
    finished: string | undefined,
    again: boolean,
    thread: string,
  ): unknown[] | Promise<unknown[]> {
    const elements = (again && this.repeat(run)) || this.parse(run);
    if (finished !== undefined && !(elements instanceof Promise)) {
      this.stored?.rememberRead(elements, finished, thread);
    }
    return elements;
  }

  private parse(run: Buffer): unknown[] | Promise<unknown[]> {
    const content = decodeRun(unpack(run));
    return bySerializer(() => {
      if ("frames" in content) {
        return Promise.all(content.frames.map(([type, data]) => this.serde.loadsTyped(type, data)));
      }
      if (!this.json) return this.serde.loadsTyped("json", content.json);
      return this.json.parse(content.json) as unknown[] | Promise<unknown[]>;
    });
  }

  /** The elements of a run that was read before: made anew from their snapshots, which is faster than parsing it. */
  private repeat(run: Buffer): unknown[] | undefined {
    return this.stored && this.snapshotsIn(run)?.map(remake);
  }

  private memoryOf(thread: string, { known }: Beliefs): Memory | undefined {
    const { json, stored } = this;
    if (!json || !stored) return undefined;
    const snapshotsOf = (digest: string) => {
      const bytes = known.contents.get(digest);
      return bytes && this.snapshotsIn(bytes);
    };
    return { stored, thread, snapshotsOf };
  }

  private snapshotsIn(run: Buffer): readonly Snapshot[] | undefined {
    const before = this.snapshots.get(run);
    if (before) return before;
    const content = decodeRun(unpack(run));
    const snapshots = "json" in content ? allOf(JSON.parse(content.json), snapshotOfJson) : undefined;
    if (snapshots) this.snapshots.set(run, snapshots);
    return snapshots;
  }
}

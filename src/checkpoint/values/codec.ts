import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { JsonSerializer } from "../serde/serializer.js";
import { decodeLeaf } from "./chunk.js";
import { type ChunkSource, decodeValue } from "./decode.js";
import { encodeFramed, encodeJson, serialize } from "./encode.js";
import type { EncodedValue } from "./encoded-value.js";
import { StoredElements } from "./stored-elements.js";

/** Turns values into references and chunks, and back, with the saver's serializer. */
export class ValueCodec {
  private readonly json: JsonSerializer | undefined;
  private readonly stored: StoredElements | undefined;

  /** @param remember whether to keep snapshots of what was stored, so that it is not serialized again. */
  constructor(
    readonly serde: SerializerProtocol,
    remember: boolean,
  ) {
    // A subclass may write something else than JSON.
    this.json = serde.constructor === JsonSerializer ? (serde as JsonSerializer) : undefined;
    this.stored = this.json && remember ? new StoredElements() : undefined;
  }

  /** @throws {SerializationError} naming `what`, when the serializer refuses the value. */
  async encode(value: unknown, what: string): Promise<EncodedValue> {
    return this.json
      ? encodeJson(this.json, this.stored, value, what)
      : encodeFramed(this.serde, value, what);
  }

  /**
   * Reads a value back: a new one with every call. Not a promise when the serializer needs none.
   *
   * @throws {Error} saying what is missing or malformed.
   */
  decode(reference: string, chunk: ChunkSource): unknown {
    return decodeValue(reference, chunk, (leaf, digest) => this.readLeaf(leaf, digest));
  }

  /** The value as JSON text where the serializer writes JSON; else undefined and the typed bytes. */
  async encodeText(
    value: unknown,
    what: string,
  ): Promise<{ json: string } | { type: string; data: Uint8Array }> {
    const [type, data] = await serialize(this.serde, value, what);
    return this.json && type === "json" ? { json: Buffer.from(data).toString("utf8") } : { type, data };
  }

  private readLeaf(leaf: Buffer, digest: string | undefined): unknown[] | Promise<unknown[]> {
    const content = decodeLeaf(leaf);
    if ("frames" in content) {
      return Promise.all(content.frames.map(([type, data]) => this.serde.loadsTyped(type, data)));
    }
    if (!this.json) return this.serde.loadsTyped("json", content.json);
    const elements = this.json.parse(content.json) as unknown[] | Promise<unknown[]>;
    if (digest !== undefined && !(elements instanceof Promise) && elements.length === 1) {
      this.stored?.remember(elements[0], content.json.length - 2, digest, false);
    }
    return elements;
  }
}

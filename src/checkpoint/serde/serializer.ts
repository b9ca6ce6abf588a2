import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { MemorySaver } from "@langchain/langgraph-checkpoint";
import { decode, ForeignObjectError, findForeign, NO_FOREIGN_OBJECTS } from "./decode.js";
import { encode } from "./encode.js";
import { ReadableClasses } from "./readable-classes.js";
import { takeSnapshot, textOf, UNFIT } from "./snapshot.js";

/** LangGraph's own serializer, which is not exported but which every saver has. */
const jsonPlus: SerializerProtocol = new MemorySaver().serde;

/**
 * The serializer that {@link RedisSaver} uses by default. It reads what LangGraph's JsonPlusSerializer writes, and
 * the other way round, but does its work synchronously and with native JSON, and constructs LangChain's messages
 * directly.
 *
 * It differs on purpose in what the other one loses: a plain object that looks like a serialized one stays data, and a
 * `Buffer` comes back as a `Uint8Array`. It refuses a bigint, which would replace the whole value by a remark, a function or
 * symbol in a list, which would become null, and an instance of a class derived from one of LangChain's, which could not be read
 * again. Functions and symbols that are properties are left out, as JSON does.
 *
 * @example
 * ```ts
 * const serde = new JsonSerializer();
 * const [type, bytes] = await serde.dumpsTyped(new Map([["a", 1]]));
 * await serde.loadsTyped(type, bytes); // Map(1) { "a" => 1 }
 * ```
 */
export class JsonSerializer implements SerializerProtocol {
  private readonly classes = new ReadableClasses((text) => jsonPlus.loadsTyped("json", text));

  async dumpsTyped(value: unknown): Promise<[string, Uint8Array]> {
    if (value instanceof Uint8Array) return ["bytes", value];
    const text = this.stringify(value);
    await this.readable();
    return ["json", Buffer.from(text, "utf8")];
  }

  async loadsTyped(type: string, data: Uint8Array | string): Promise<unknown> {
    if (type === "bytes") return typeof data === "string" ? Buffer.from(data, "utf8") : data;
    if (type !== "json") throw new Error(`Unknown serialization type: ${type}`);
    return this.parse(typeof data === "string" ? data : Buffer.from(data).toString("utf8"));
  }

  /**
   * The JSON text of a value. Before it is stored, {@link readable} has to be awaited.
   *
   * @throws {TypeError} when the value has no JSON form: a function, a symbol, a bigint; or could not be read back, as an
   * instance of a class that is derived from one of LangChain's.
   */
  stringify(value: unknown): string {
    // What there is a snapshot of is written from it, several times as fast.
    const snapshot = takeSnapshot(value);
    return snapshot === UNFIT ? JSON.stringify(encode(value, this.classes.check)) : textOf(snapshot);
  }

  /**
   * To be called right after {@link stringify}: a promise when a class in the value is met for the first time, which is
   * rejected when its instances cannot be read back.
   */
  readable(): Promise<void> | undefined {
    return this.classes.finish();
  }

  /** The value of a JSON text; a promise of it only when LangChain has to build an object of an unknown class. */
  parse(text: string): unknown {
    const json: unknown = JSON.parse(text);
    // All that is special has a key "lc".
    if (!text.includes('"lc"')) return json;
    try {
      return decode(json, NO_FOREIGN_OBJECTS);
    } catch (error) {
      if (!(error instanceof ForeignObjectError)) throw error;
      return this.parseForeign(JSON.parse(text));
    }
  }

  private async parseForeign(json: unknown): Promise<unknown> {
    const objects = findForeign(json);
    const values = await Promise.all(
      objects.map((object) => jsonPlus.loadsTyped("json", JSON.stringify(object))),
    );
    return decode(json, new Map(objects.map((object, at) => [object, values[at]])));
  }
}

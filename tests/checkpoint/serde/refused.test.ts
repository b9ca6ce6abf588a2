import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { ChatPromptTemplate, PromptTemplate } from "@langchain/core/prompts";
import { MemorySaver } from "@langchain/langgraph-checkpoint";
import {
  CorruptRecordError,
  DeserializationError,
  JsonSerializer,
  type RedisSaver,
  SerializationError,
} from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { config, id, list, put, values } from "../../conformance/saver/steps.js";
import { keysUnder, savers } from "../helpers.js";

// What could be stored but not be read again is refused

class Renamed extends HumanMessage {
  static override lc_name() {
    return "Renamed";
  }
}
class Extended extends HumanMessage {
  mood = "good";
}
class SameName extends AIMessage {}
Object.defineProperty(SameName, "name", { value: "AIMessage" });
class OwnPrompt extends PromptTemplate {}

const derived: Record<string, () => unknown> = {
  "a message with another name": () => new Renamed("hi"),
  "a message with more properties": () => new Extended("hi"),
  "a message that is called as LangChain's own": () => new SameName("hi"),
  "a prompt of a class of one's own": () => new OwnPrompt({ template: "{a}", inputVariables: ["a"] }),
};

/** The saver reads every thread that it stores. */
async function refuses(value: unknown, saver: () => RedisSaver) {
  await put(saver(), "t", { id: id(1), values: { it: 1 } });
  const same = saver();
  for (const state of [value, [value], { deep: [{ value }] }, new Map([["a", value]])]) {
    for (const by of [saver(), same, same]) {
      const step = {
        id: id(2),
        parent: id(1),
        values: { it: state, other: "x".repeat(100) },
        versions: { it: 2, other: 1 },
      };
      await expect(put(by, "t", step)).rejects.toThrow(SerializationError);
      await expect(by.putWrites(config("t", "", id(1)), [["it", state]], "task")).rejects.toThrow(
        SerializationError,
      );
    }
  }
  const [tuple, ...others] = await list(saver(), config("t"));
  expect(others).toEqual([]);
  expect([tuple?.checkpoint.channel_values, tuple?.pendingWrites]).toEqual([{ it: 1 }, []]);
}

test.each(Object.entries(derived))(
  "put() and putWrites() refuse %s, and nothing is written",
  async (_, create) => {
    const { saver, client, key } = await savers();
    await refuses(create(), saver);
    expect(await client.hKeys(key("chunks"))).toEqual(["!"]);
  },
);

test("dumpsTyped() refuses them too", async () => {
  const serde = new JsonSerializer();
  for (const create of Object.values(derived)) {
    await expect(serde.dumpsTyped({ it: [create()] })).rejects.toThrow(TypeError);
    await expect(serde.dumpsTyped(create())).rejects.toThrow("would not come back");
  }
});

test("put() stores objects of LangChain's own classes, which come back as what they were", async () => {
  const { saver } = await savers();
  const state = {
    message: new HumanMessage({ content: "hi", id: "1" }),
    prompt: PromptTemplate.fromTemplate("Hello {name}"),
    chat: ChatPromptTemplate.fromMessages([["system", "You are {what}"]]),
  };
  for (const n of [1, 2]) await put(saver(), "t", { id: id(n), values: state });
  const read = (await values(saver(), config("t"))) as typeof state;
  for (const name of Object.keys(state) as (keyof typeof state)[]) {
    expect(read[name]).toBeInstanceOf(state[name].constructor);
  }
  expect(await read.prompt.format({ name: "Ada" })).toBe("Hello Ada");
});

test("put() stores a message of another copy of LangChain, which comes back as one of this", async () => {
  const { saver } = await savers();
  class Foreign {
    toJSON() {
      return new HumanMessage({ content: "hi", id: "1" }).toJSON();
    }
  }
  await put(saver(), "t", { id: id(1), values: { messages: [new Foreign()] } });
  const [message] = ((await values(saver(), config("t"))) as { messages: HumanMessage[] }).messages;
  expect(message).toEqual(new HumanMessage({ content: "hi", id: "1" }));
});

// What JSON would change silently

const withToJson = Object.assign(() => 1, { toJSON: () => ({ called: "f" }) });
const silent: Record<string, [value: unknown, message: string]> = {
  "a function": [() => 1, "a function has no JSON form"],
  "a function in a list": [[1, () => 1], "a function has no JSON form"],
  "a function in a list in a list": [[1, [() => 1]], "at [0]"],
  "a function in a list in an object": [{ calls: { all: [() => 1] } }, "at [calls][all][0]"],
  "a function in a Set": [new Set([() => 1]), "a function has no JSON form"],
  "a symbol in a list": [{ all: [Symbol("s")] }, "at [all][0]"],
  "a bigint": [{ big: { n: 1n } }, "at [big][n]"],
};

test.each(Object.entries(silent))("put() refuses %s and says where it is", async (_, [value, message]) => {
  const { saver, client, keyPrefix } = await savers();
  const refused = put(saver(), "t", { id: id(1), values: { it: value } });
  await expect(refused).rejects.toThrow(SerializationError);
  await expect(refused).rejects.toThrow(message);
  expect(await keysUnder(client, keyPrefix)).toEqual([]);
});

test("put() leaves out functions and symbols that are properties, and keeps undefined, as LangGraph does", async () => {
  const { saver } = await savers();
  const state = { a: undefined, b: [undefined, { c: undefined }], call: () => 1, sign: Symbol("s"), n: 1 };
  await put(saver(), "t", { id: id(1), values: { state } });
  const read = (await values(saver(), config("t"))) as { state: object };
  expect(Object.keys(read.state)).toEqual(["a", "b", "n"]);
  expect(read.state).toEqual({ a: undefined, b: [undefined, { c: undefined }], n: 1 });
  const theirs = new MemorySaver().serde;
  expect(await theirs.loadsTyped(...(await theirs.dumpsTyped(state)))).toEqual(read.state);
});

test("put() stores what a function says of itself by toJSON, wherever it is", async () => {
  const { saver } = await savers();
  await put(saver(), "t", {
    id: id(1),
    values: { it: withToJson, all: { f: withToJson, list: [1, withToJson] } },
  });
  const said = { called: "f" };
  expect(await values(saver(), config("t"))).toEqual({ it: said, all: { f: said, list: [1, said] } });
});

test("bytes come back as a Uint8Array, Buffers too, wherever they are", async () => {
  const { saver } = await savers();
  const bytes = new Uint8Array([0, 1, 254, 255]);
  for (const given of [Buffer.from(bytes), bytes]) {
    const state = { it: given, list: [given], deep: { map: new Map([["a", given]]) } };
    await put(saver(), "t", { id: id(1), values: state });
    await saver().putWrites(config("t", "", id(1)), [["it", given]], "task");
    const tuple = await saver().getTuple(config("t"));
    const expected = { it: bytes, list: [bytes], deep: { map: new Map([["a", bytes]]) } };
    expect(tuple?.checkpoint.channel_values).toStrictEqual(expected);
    expect(tuple?.pendingWrites?.[0]?.[2]).toStrictEqual(bytes);
  }
});

// What cannot be read is told from what is damaged

describe("a serializer that cannot read what another one wrote", () => {
  /** Reads nothing that it has not written itself. */
  class Sealed extends JsonSerializer {
    override async dumpsTyped(value: unknown): Promise<[string, Uint8Array]> {
      const [type, data] = await super.dumpsTyped(value);
      return [`sealed-${type}`, data];
    }

    override async loadsTyped(type: string, data: Uint8Array | string): Promise<unknown> {
      if (!type.startsWith("sealed-")) throw new Error("not sealed: a value of the user's");
      return super.loadsTyped(type.slice(7), data);
    }
  }

  test("is a DeserializationError, which says where, and shows no value", async () => {
    const { saver } = await savers();
    const at = await put(saver(), "t", { id: id(1), values: { it: { text: "x".repeat(100) } } });
    await saver().putWrites(at, [["it", [1]]], "task");
    await put(saver(), "t", { id: id(2), parent: id(1), values: {} });
    const sealed = saver({ serde: new Sealed() });
    const attempts = {
      getTuple: () => sealed.getTuple(config("t")),
      list: () => list(sealed, config("t")),
      "list with a filter": () => list(sealed, config("t"), { filter: { step: 0 } }),
      history: () => sealed.getDeltaChannelHistory({ config: config("t"), channels: ["it"] }),
    };
    for (const attempt of Object.values(attempts)) {
      const error = await attempt().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DeserializationError);
      expect(error).not.toBeInstanceOf(CorruptRecordError);
      expect(error).toMatchObject({
        location: { threadId: "t" },
        cause: { message: expect.stringContaining("not sealed") },
      });
      expect((error as Error).message).not.toContain("not sealed");
    }
  });

  test("is a CorruptRecordError where it is damaged as well", async () => {
    const { saver, client, key } = await savers();
    await put(saver(), "t", { id: id(1), values: { it: { text: "x".repeat(100) } } });
    for (const name of await client.hKeys(key("chunks"))) await client.hSet(key("chunks"), name, "damaged");
    await expect(saver({ serde: new Sealed() }).getTuple(config("t"))).rejects.toThrow(CorruptRecordError);
  });
});

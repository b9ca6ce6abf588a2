import {
  AIMessage,
  AIMessageChunk,
  ChatMessage,
  ChatMessageChunk,
  FunctionMessage,
  FunctionMessageChunk,
  HumanMessage,
  HumanMessageChunk,
  RemoveMessage,
  SystemMessage,
  SystemMessageChunk,
  ToolMessage,
  ToolMessageChunk,
} from "@langchain/core/messages";
import { Send } from "@langchain/langgraph";
import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";

/** What a generated value may have in it, besides JSON. */
export interface Ingredients {
  /** Maps, sets, errors and the like, also inside messages, where LangChain does not keep them. */
  readonly special: boolean;
  /** Data that look like what a serializer writes. */
  readonly lookalikes: boolean;
  /** Keys called "__proto__". */
  readonly proto: boolean;
  readonly messages: boolean;
}

const text = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    "text",
    "[Circular]",
    "__lc_escaped__",
    "\ud800",
    "\udc00x",
    "🦜",
    "\u2028",
    '"\\',
    "lc",
  ),
  fc.string({ maxLength: 6, unit: "binary" }),
);
/** A new value each time: some tests change what they are given. */
const fresh = <T>(make: () => T): fc.Arbitrary<T> => fc.constant(undefined).map(make);

const scalar = fc.oneof(
  text,
  fc.constantFrom(null, true, false, 0, 1, 2, -1.5, 1e21, Number.MAX_SAFE_INTEGER, 5e-324),
  fc.constantFrom(Number.NaN, -0, Number.POSITIVE_INFINITY),
);

const KEYS = [
  "a",
  "b",
  "constructor",
  "type",
  "id",
  "kwargs",
  "value",
  "args",
  "",
  "0",
  "17",
  "toString",
  "\ud800",
];
/** Keys that mean something to a serializer. */
const RESERVED = ["lc", "__lc_escaped__", "lg_name", "node", "lc_serializable", "toJSON"];

export function keyOf({ lookalikes, proto }: Ingredients): fc.Arbitrary<string> {
  return fc.constantFrom(...KEYS, ...(lookalikes ? RESERVED : []), ...(proto ? ["__proto__"] : []));
}

/** An object with these entries, each an own property whatever it is called. */
export function objectOf(entries: readonly (readonly [string, unknown])[]): object {
  const object = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

export function valuesOf(ingredients: Ingredients, depth = 3): fc.Arbitrary<unknown> {
  if (depth === 0)
    return fc.oneof(
      scalar,
      fresh(() => []),
      fresh(() => ({})),
    );
  const inner = valuesOf(ingredients, depth - 1);
  const list = fc.array(inner, { maxLength: 4 });
  const object = objectIn(ingredients, inner);
  const { special, lookalikes, messages } = ingredients;
  return fc.oneof(
    scalar,
    list,
    object,
    ...(special ? [undefinedIn, specialIn(inner, list)] : []),
    ...(lookalikes ? [lookalikeIn(inner)] : []),
    ...(messages ? [messageIn(inner, object)] : []),
  );
}

const undefinedIn = fc.constant(undefined);

function objectIn(ingredients: Ingredients, inner: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  const entry = fc.tuple(keyOf(ingredients), inner);
  return fc.uniqueArray(entry, { maxLength: 4, selector: ([key]) => key }).map(objectOf);
}

function specialIn(inner: fc.Arbitrary<unknown>, list: fc.Arbitrary<unknown[]>): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.array(fc.tuple(inner, inner), { maxLength: 3 }).map((entries) => new Map(entries)),
    list.map((each) => new Set(each)),
    fc
      .tuple(fc.constantFrom("a+", "(?:)", "\\/", "[\ud83e]"), fc.constantFrom("", "gi", "u"))
      .map(([source, flags]) => (source.startsWith("[") ? /[\ud83e]/g : new RegExp(source, flags))),
    text.map((message) => new Error(message)),
    text.map((message) => new TypeError(message, { cause: 1 })),
    fc.uint8Array({ maxLength: 5 }),
    fc.constantFrom(new Date(0), new Date(Number.NaN)),
    fc.tuple(text, inner).map(([node, args]) => new Send(node, args)),
    inner.map((args) => new Send("node", args, { timeout: 5 })),
    inner.map((value) => new DeltaSnapshot(value)),
    inner.map((value) => Object.assign(Object.create({ inherited: 1 }), { own: value })),
  );
}

const MESSAGES = ["HumanMessage", "AIMessage", "ToolMessage", "HumanMessageChunk", "Document", "Nothing"];

/** Data that look like a record, whole or damaged. */
export function lookalikeIn(inner: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const bytes = fc.constantFrom<unknown[]>([1, 2], [256], [-1, 1.5], ["a"]);
  const pairs = fc.constantFrom<unknown[]>([["k", 1]], [["k"]], [1], [["k", 1, 2]]);
  const name = fc.constantFrom(
    "Map",
    "Set",
    "RegExp",
    "Error",
    "Uint8Array",
    "Function",
    "Object",
    "toString",
  );
  const args = fc.oneof(
    fc.array(inner, { maxLength: 2 }),
    fc.oneof(bytes, pairs).map((list) => [list]),
    fc.constantFrom<unknown>(["a", "g"], ["(", "g"], ["a"], [1], undefined, null, "x"),
  );
  const method = fc.constantFrom<unknown>(null, "from", "constructor", 1);
  const lc = fc.constantFrom<unknown>(1, 2, "1", 3);
  return fc.oneof(
    fc.constant({ lc: 2, type: "undefined" }),
    fc.record({
      lc,
      type: fc.constantFrom("undefined", "constructor", "delta_snapshot", "secret"),
      value: inner,
    }),
    fc.record(
      {
        lc: fc.constant(2),
        type: fc.constant("constructor"),
        id: fc.tuple(name),
        method,
        args,
        kwargs: inner,
      },
      { requiredKeys: ["lc", "type", "id"], noNullPrototype: true },
    ),
    fc.record(
      {
        lc: fc.constant(1),
        type: fc.constantFrom("constructor", "not_implemented"),
        id: fc.oneof(
          fc.constantFrom(...MESSAGES).map((each) => ["langchain_core", "messages", each]),
          fc.constantFrom<unknown>(
            ["langchain_core", "documents", "Document"],
            ["HumanMessage"],
            [],
            "x",
            [1, 2, 3],
          ),
        ),
        kwargs: fc.oneof(
          inner,
          fc.record(
            { content: inner, id: inner, tool_call_id: inner, additional_kwargs: inner, fooBar: inner },
            { requiredKeys: [], noNullPrototype: true },
          ),
        ),
      },
      { requiredKeys: ["lc", "type"], noNullPrototype: true },
    ),
    inner.map((each) => ({ __lc_escaped__: each })),
    inner.map((each) => ({ __lc_escaped__: { lc: 1, each } })),
  );
}

const ALL = [
  HumanMessage,
  HumanMessageChunk,
  SystemMessage,
  SystemMessageChunk,
  AIMessage,
  AIMessageChunk,
  ToolMessage,
  ToolMessageChunk,
  ChatMessage,
  ChatMessageChunk,
  FunctionMessage,
  FunctionMessageChunk,
  RemoveMessage,
] as unknown as (new (
  fields: object,
) => object)[];

const content = fc.oneof(
  text,
  text,
  fresh(() => [{ type: "text", text: "a", cache_control: { type: "ephemeral" } }]),
  fresh(() => [
    { type: "text", text: "a" },
    { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
    { type: "tool_use", id: "c", name: "t", input: { lc: 1 } },
  ]),
);

/** Messages of all classes, with what such messages have and with what they should not have. */
export function messageIn(inner: fc.Arbitrary<unknown>, object: fc.Arbitrary<object>): fc.Arbitrary<object> {
  const call = fc.record({ id: text, name: text, args: object, type: fc.constant("tool_call") });
  const fields = fc.record(
    {
      content,
      id: fc.option(text, { nil: undefined }),
      name: fc.option(text, { nil: undefined }),
      additional_kwargs: object,
      response_metadata: object,
      tool_calls: fc.array(call, { maxLength: 2 }),
      invalid_tool_calls: fc.oneof(
        fresh(() => []),
        fresh(() => [{ id: "c", name: "t", args: "{", error: "no", type: "invalid_tool_call" }]),
      ),
      usage_metadata: fc.option(
        fresh(() => ({
          ...{ input_tokens: 1, output_tokens: 2, total_tokens: 3 },
          input_token_details: { cache_read: 0 },
        })),
        { nil: undefined },
      ),
      artifact: inner,
      status: fc.constantFrom("success", "error", undefined),
      extra: inner,
    },
    { requiredKeys: ["content"], noNullPrototype: true },
  );
  const chunks = fc.array(
    fc.record({
      id: text,
      name: text,
      args: fc.constant('{"a'),
      index: fc.nat(3),
      type: fc.constant("tool_call_chunk"),
    }),
    { maxLength: 2 },
  );
  // A name that LangChain does not leave as it is.
  const odd = fc.constantFrom({}, {}, {}, {}, { fooBar: 1 });
  return fc
    .tuple(fc.constantFrom(...ALL), fields, fc.option(text, { nil: "call" }), chunks, odd)
    .map(([of, each, id, parts, other]) => {
      const rest: Record<string, unknown> = { ...each, ...other };
      if (of !== (AIMessage as unknown) && of !== (AIMessageChunk as unknown)) {
        for (const key of ["tool_calls", "invalid_tool_calls", "usage_metadata"]) delete rest[key];
      }
      if (of === (ToolMessage as unknown) || of === (ToolMessageChunk as unknown)) rest.tool_call_id = id;
      if (of === (ChatMessage as unknown) || of === (ChatMessageChunk as unknown)) rest.role = id;
      if (of === (FunctionMessage as unknown) || of === (FunctionMessageChunk as unknown)) rest.name = id;
      if (of === (RemoveMessage as unknown)) rest.id = id;
      if (of === (AIMessageChunk as unknown) && parts.length > 0) {
        delete rest.tool_calls;
        delete rest.invalid_tool_calls;
        rest.tool_call_chunks = parts;
      }
      return new of(rest);
    });
}

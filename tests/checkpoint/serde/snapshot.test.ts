import { AIMessage, BaseMessage, HumanMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encode } from "../../../src/checkpoint/serde/encode.js";
import { JsonSerializer } from "../../../src/checkpoint/serde/serializer.js";
import {
  matches,
  remake,
  type Snapshot,
  snapshotOfJson,
  takeSnapshot,
  textOf,
  UNFIT,
} from "../../../src/checkpoint/serde/snapshot.js";
import { type Ingredients, messageIn, valuesOf } from "./arbitraries.js";

/** How many values each property is tried with. Set FUZZ_RUNS for more. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 2_000);

const serde = new JsonSerializer();

/** The text of a value as the encoder writes it, which knows nothing of snapshots. */
const written = (value: unknown) => JSON.stringify(encode(value));

const ANYTHING: Ingredients = { special: true, lookalikes: true, proto: true, messages: true };
const USUAL: Ingredients = { special: false, lookalikes: false, proto: false, messages: true };
const data = valuesOf({ ...USUAL, messages: false });
const messages = messageIn(
  valuesOf(USUAL),
  fc.dictionary(fc.constantFrom("a", "b", "type"), data, { maxKeys: 3, noNullPrototype: true }),
);

test("a snapshot stands for the text that the serializer writes", () => {
  forAll(valuesOf(ANYTHING), (value) => {
    const snapshot = takeSnapshot(value);
    if (snapshot !== UNFIT) expect(textOf(snapshot)).toBe(written(value));
  });
});

test("a snapshot stands for the same text where JSON has no form of its own", () => {
  const values = {
    numbers: [Number.NaN, -0, Number.NEGATIVE_INFINITY, 1e21, 5e-324],
    strings: ["\ud800", "\u2028", '"\\', "\u0000"],
    keys: { b: 1, "2": 2, "1": 1, '"': 3, "": 4 },
    empty: [{}, [], "", null, undefined, true, false],
    messages: [
      new HumanMessage("x"),
      new AIMessage({ content: "", additional_kwargs: { 1: "a", 'é"': [] } }),
    ],
  };
  for (const value of [values, ...Object.values(values)]) {
    expect(textOf(takeSnapshot(value) as Snapshot)).toBe(written(value));
  }
});

test("a value that is made anew from the snapshot of its JSON is what reading the JSON gives", async () => {
  let fit = 0;
  await fc.assert(
    fc.asyncProperty(valuesOf(ANYTHING), async (value) => {
      // LangChain cannot write a message whose own property hides its constructor.
      const text = attempt(() => written(value));
      const snapshot = text === undefined ? UNFIT : snapshotOfJson(JSON.parse(text));
      if (text === undefined || snapshot === UNFIT) return;
      fit += 1;
      const read = await serde.parse(text);
      const remade = remake(snapshot);
      expect(remade).toEqual(read);
      expect(written(remade)).toBe(written(read));
      expect(remake(snapshot)).toEqual(read);
      if (typeof remade === "object" && remade !== null) expect(remake(snapshot)).not.toBe(remade);
    }),
    { numRuns: RUNS },
  );
  expect(fit).toBeGreaterThan(RUNS / 10);
});

test("values that agents keep have snapshots, which match as long as nothing changes", () => {
  let fit = 0;
  let all = 0;
  forAll(valuesOf(USUAL), (value) => {
    const snapshot = takeSnapshot(value);
    all += 1;
    if (snapshot === UNFIT) return;
    fit += 1;
    expect(matches(value, snapshot)).toBe(true);
    written(value);
    expect(matches(value, snapshot)).toBe(true);
  });
  expect(fit).toBeGreaterThan(all / 4);
  const usual = [
    new HumanMessage({ content: "hi", id: "1", additional_kwargs: { a: [{ b: undefined }] } }),
    new AIMessage({
      content: [{ type: "text", text: "x" }],
      tool_calls: [{ id: "c", name: "t", args: { a: { b: [1] } }, type: "tool_call" }],
      usage_metadata: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
      response_metadata: { model: "m", finish_reason: null },
    }),
  ];
  for (const message of usual) expect(takeSnapshot(message)).not.toBe(UNFIT);
});

test("an equal value made anew matches too", () => {
  const make = (n: number) => new AIMessage({ content: `${n}`, additional_kwargs: { list: [{ n }] } });
  const snapshot = takeSnapshot(make(1)) as Snapshot;
  expect(matches(make(1), snapshot)).toBe(true);
  expect(matches(make(2), snapshot)).toBe(false);
});

test("whatever is changed in place, a snapshot only matches what would be written as before", () => {
  let noticed = 0;
  forAll(
    fc.tuple(
      fc
        .oneof(messages, valuesOf(USUAL, 4), valuesOf(ANYTHING))
        .filter((value) => placesIn(value).length > 0 && takeSnapshot(value) !== UNFIT),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
    ),
    ([value, mutations]) => {
      const snapshot = takeSnapshot(value) as Snapshot;
      const before = written(value);
      for (const each of mutations) mutate(value, each);
      if (matches(value, snapshot)) expect(written(value)).toBe(before);
      else noticed += 1;
    },
  );
  expect(noticed).toBeGreaterThan(RUNS / 20);
});

test("a change that changes the text is noticed, wherever in a message it is made", () => {
  const make = () =>
    new AIMessage({
      content: [{ type: "text", text: "x", deep: { list: [1, { a: "b" }] } }],
      id: "1",
      additional_kwargs: { nested: new HumanMessage({ content: "y", additional_kwargs: { a: [1] } }) },
      tool_calls: [{ id: "c", name: "t", args: { a: { b: [1] } }, type: "tool_call" }],
    });
  const count = placesIn(make()).length;
  expect(count).toBeGreaterThan(20);
  for (let place = 0; place < count; place++) {
    for (const [how, change] of Object.entries(CHANGES)) {
      const message = make();
      const snapshot = takeSnapshot(message) as Snapshot;
      const before = written(message);
      change(placesIn(message)[place] as Place, 1);
      const after = attempt(() => written(message));
      if (after !== before) expect([how, place, matches(message, snapshot)]).toEqual([how, place, false]);
    }
  }
});

// Changes in place

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** All properties of all objects in a value, but for the names of classes. */
function placesIn(value: unknown, seen = new Set<object>(), places: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null || seen.has(value)) return places;
  seen.add(value);
  for (const key of Object.keys(value)) {
    if (key === "lc_namespace") continue;
    const holder = value as Record<string, unknown>;
    places.push({ holder, key });
    placesIn(Object.getOwnPropertyDescriptor(holder, key)?.value, seen, places);
  }
  return places;
}

class Thing {
  n = 1;
}

const define = ({ holder, key }: Place, descriptor: PropertyDescriptor) =>
  Object.defineProperty(holder, key, { configurable: true, enumerable: true, ...descriptor });
const set = (place: Place, value: unknown) => define(place, { value, writable: true });
const inside = ({ holder, key }: Place): object => {
  const value = Object.getOwnPropertyDescriptor(holder, key)?.value;
  return typeof value === "object" && value !== null ? value : holder;
};

const CHANGES: Record<string, (place: Place, n: number) => void> = {
  "another scalar": (place, n) => set(place, [n, `${n}`, null, true, undefined, -0, Number.NaN][n % 7]),
  "another text": (place) => set(place, `${String(place.holder[place.key])}x`),
  "an object": (place, n) => set(place, { n }),
  "a list": (place, n) => set(place, [n]),
  removal: ({ holder, key }) => void delete holder[key],
  "a new key": (place, n) => set({ holder: inside(place) as Place["holder"], key: `new${n}` }, n),
  "a key that means something": (place, n) =>
    set(
      {
        holder: inside(place) as Place["holder"],
        key: ["lc", "__lc_escaped__", "lg_name", "__proto__", "toJSON", "lc_serializable", "id", "type"][
          n % 8
        ] as string,
      },
      [1, 2, "Send", { n }, "constructor", ["x"]][n % 6],
    ),
  "another order of keys": (place) => {
    const object = inside(place) as Record<string, unknown>;
    const [first] = Object.keys(object);
    if (first === undefined || Array.isArray(object)) return;
    const value = object[first];
    delete object[first];
    set({ holder: object, key: first }, value);
  },
  "a Date": (place, n) => set(place, new Date(n)),
  "a Map": (place, n) => set(place, new Map([[n, n]])),
  "a class instance": (place) => set(place, new Thing()),
  bytes: (place, n) => set(place, new Uint8Array([n])),
  "another message": (place, n) => set(place, new HumanMessage(`${n}`)),
  "a getter": (place, n) => define(place, { get: () => n }),
  "toJSON of its own": (place, n) =>
    define(
      { holder: inside(place) as Place["holder"], key: "toJSON" },
      { value: () => n, enumerable: false },
    ),
  "toJSON in a prototype": (place, n) => Object.setPrototypeOf(inside(place), { toJSON: () => n }),
  "another prototype": (place) => Object.setPrototypeOf(inside(place), Thing.prototype),
  "no prototype": (place) => Object.setPrototypeOf(inside(place), null),
  "a key hidden": (place) => define(place, { value: place.holder[place.key], enumerable: false }),
  push: (place, n) => {
    const list = inside(place);
    if (Array.isArray(list)) list.push(n);
  },
  splice: (place, n) => {
    const list = inside(place);
    if (Array.isArray(list)) list.splice(n % (list.length + 1), 1);
  },
  hole: (place) => {
    const list = inside(place);
    if (Array.isArray(list)) list.length += 1;
  },
  "a key on a list": (place, n) => {
    const list = inside(place);
    if (Array.isArray(list)) Object.assign(list, { extra: n });
  },
  "content of a message": (place, n) => {
    const message = inside(place);
    if (message instanceof BaseMessage) message.content = `${n}`;
  },
  "arguments of a message": (place, n) => {
    const message = inside(place);
    if (message instanceof BaseMessage)
      (message as { lc_kwargs: object }).lc_kwargs = { ...message.lc_kwargs, n };
  },
  "an argument of a message that hides behind a property": (place, n) => {
    const message = inside(place);
    if (message instanceof BaseMessage) message.lc_kwargs.content = `${n}`;
  },
  "whether a message is serializable": (place) => {
    const message = inside(place);
    if (message instanceof BaseMessage) message.lc_serializable = false;
  },
  "the namespace of a message": (place) => {
    const message = inside(place);
    if (message instanceof BaseMessage) message.lc_namespace = ["other"];
  },
  "the class of a message": (place) => {
    const message = inside(place);
    if (message instanceof BaseMessage) Object.setPrototypeOf(message, AIMessage.prototype);
  },
  "the constructor of a message": (place) => {
    const message = inside(place);
    if (message instanceof BaseMessage)
      define({ holder: message as never, key: "constructor" }, { value: Thing });
  },
};

const mutation = fc.record({ at: fc.nat(200), how: fc.constantFrom(...Object.keys(CHANGES)), n: fc.nat(60) });

function mutate(
  value: unknown,
  { at, how, n }: typeof mutation extends fc.Arbitrary<infer T> ? T : never,
): void {
  const places = placesIn(value);
  const place = places[at % Math.max(1, places.length)];
  // Some of what it tries cannot be done everywhere: a length cannot be hidden.
  if (place) attempt(() => CHANGES[how]?.(place, n));
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function forAll<T>(values: fc.Arbitrary<T>, statement: (value: T) => void): void {
  fc.assert(fc.property(values, statement), { numRuns: RUNS });
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { asClient, createConnection } from "../../../src/redis/connection.js";
import { BatchError } from "../../../src/store/errors.js";
import { RedisStore } from "../../../src/store/redis-store.js";
import type { StoreOperation } from "../../../src/store/types.js";
import { connect, freshPrefix } from "../../helpers/redis.js";
import { FakeEmbeddings } from "../fake-embeddings.js";
import { ENGINES, textIndex } from "../helpers.js";

const KEYS = ["a", "b"];

/** One operation of a batch: what it does to which item, and why it cannot be done, if it cannot. */
type Step = {
  key: string;
  kind: "get" | "search" | "put" | "delete" | "absent" | "current" | "outdated";
  bad?: "value" | "vector" | "refused" | undefined;
};

const step: fc.Arbitrary<Step> = fc.record({
  key: fc.constantFrom(...KEYS),
  kind: fc.constantFrom("get", "search", "put", "put", "put", "delete", "absent", "current", "outdated"),
  bad: fc.option(fc.constantFrom("value", "vector", "refused"), { nil: undefined, freq: 3 }),
});

/** What is stored, by key: which step put it, or "before". */
type State = Map<string, number | "before">;

/** Does the steps one after another, each bad one failing alone; reads see what was there before. */
function oracle(before: ReadonlySet<string>, steps: readonly Step[]) {
  const state: State = new Map([...before].map((key) => [key, "before"]));
  const failed = new Set<number>();
  const reads = new Map<number, unknown>();
  // What Redis would refuse is never sent where a later write makes it pointless anyway.
  let unsent: { key: string; place: number }[] = [];
  steps.forEach(({ key, kind, bad }, place) => {
    const held = state.get(key);
    if (kind === "get") reads.set(place, before.has(key) ? "before" : null);
    else if (kind === "search") reads.set(place, [...before].sort());
    else if (kind !== "delete" && (bad === "value" || bad === "vector")) failed.add(place);
    else if (kind === "put" && bad === "refused") {
      failed.add(place);
      unsent.push({ key, place });
    } else {
      if (kind === "put" || kind === "delete") {
        for (const each of unsent) if (each.key === key) failed.delete(each.place);
      }
      unsent = unsent.filter((each) => each.key !== key);
      if (kind === "delete") state.delete(key);
      else if (bad === "refused" || !holds(kind, held)) failed.add(place);
      else state.set(key, place);
    }
  });
  return { state, failed, reads };
}

function holds(condition: Step["kind"], held: number | "before" | undefined): boolean {
  if (condition === "absent") return held === undefined;
  if (condition === "current") return held === "before";
  return condition === "put";
}

function toOperation({ key, kind, bad }: Step, place: number, version: number): StoreOperation {
  const namespace = ["n"];
  if (kind === "get") return { namespace, key };
  if (kind === "search") return { namespacePrefix: namespace };
  if (kind === "delete") return { namespace, key, value: null };
  const value = { text: bad ?? "good", place, ...(bad === "value" ? { bad: Number.NaN } : {}) };
  const condition = {
    absent: { ifAbsent: true },
    current: { ifVersion: version },
    outdated: { ifVersion: 1 },
  };
  return { namespace, key, value, ...(kind === "put" ? {} : condition[kind]) };
}

test.each(ENGINES)(
  "batch does what its operations would do one after another, on engine $engine",
  async ({ url }) => {
    const embeddings = new FakeEmbeddings();
    const right = embeddings.vector.bind(embeddings);
    embeddings.vector = (text) => (text === "vector" ? new Array(embeddings.dims).fill(0) : right(text));
    const connection = createConnection(await connect(url()));
    const store = new RedisStore({
      // What a server refuses gives its error in its place.
      client: asClient({
        pipeline: async (commands) => {
          const refused = commands.map(({ args }) =>
            args.some((arg) => String(arg).includes('"text":"refused"')),
          );
          const replies = await connection.pipeline(commands.filter((_, at) => !refused[at]));
          return refused.map((is) => (is ? new Error("OOM command not allowed") : (replies.shift() ?? null)));
        },
      }),
      keyPrefix: freshPrefix(),
      index: textIndex(embeddings),
    });

    const check = async (present: string[], steps: readonly Step[]) => {
      const before = new Set(present);
      for (const key of KEYS) {
        await store.delete(["n"], key);
        if (before.has(key)) await store.put(["n"], key, { text: "good", place: "before" });
      }
      const versions = new Map<string, number>();
      for (const key of KEYS) versions.set(key, (await store.get(["n"], key))?.version ?? 2);
      const operations = steps.map((each, place) =>
        toOperation(each, place, versions.get(each.key) as number),
      );
      const expected = oracle(before, steps);

      let results: readonly unknown[];
      const failed = new Set<number>();
      try {
        results = await store.batch(operations);
      } catch (error) {
        results = error instanceof BatchError ? error.results : [];
        if (error instanceof BatchError) for (const { index } of error.failures) failed.add(index);
        else failed.add(0);
      }
      expect(failed).toEqual(expected.failed);
      for (const [place, seen] of expected.reads) {
        const result = results[place] as
          | { key: string; value: { place: unknown } }
          | { key: string }[]
          | null;
        if (Array.isArray(result)) expect(result.map(({ key }) => key).sort()).toEqual(seen);
        else expect(result?.value.place ?? null).toBe(seen);
      }
      for (const key of KEYS) {
        expect((await store.get(["n"], key))?.value.place).toBe(expected.state.get(key));
      }
    };

    // Each write of three decides what becomes of the others.
    await check(
      [],
      [
        { key: "a", kind: "put" },
        { key: "a", kind: "absent" },
        { key: "a", kind: "put" },
      ],
    );
    await check(
      ["a"],
      [
        { key: "a", kind: "delete" },
        { key: "a", kind: "put", bad: "vector" },
      ],
    );
    await check(
      [],
      [
        { key: "a", kind: "put" },
        { key: "a", kind: "put", bad: "refused" },
      ],
    );
    await fc.assert(
      fc.asyncProperty(fc.subarray(KEYS), fc.array(step, { minLength: 1, maxLength: 8 }), check),
      { numRuns: 150 },
    );
  },
);

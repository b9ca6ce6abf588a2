import { setTimeout as sleep } from "node:timers/promises";
import { AIMessage } from "@langchain/core/messages";
import type { BaseCache, CacheFullKey } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { HOSTILE_STRINGS, POLLUTING } from "../../helpers/hostile.js";

/** An implementation of BaseCache that the suite runs over. */
export interface CacheFactory {
  name: string;
  /** A new, empty cache. */
  create(): Promise<BaseCache>;
  destroy(cache: BaseCache): Promise<void>;
  /** Where the implementation is known to break the contract: name of the test, and what it does instead. */
  deviations?: Readonly<Record<string, string>>;
  /** Whether it differs from another one that the suite runs over by its connection only: what waits is left out. */
  onlyConnection?: boolean;
}

const entry = (key: CacheFullKey, value: unknown, ttl?: number) => ({ key, value, ttl });
const WEATHER: CacheFullKey = [["weather"], "Paris"];

/** The contract of BaseCache, as statements about any implementation of it. */
export function cacheConformance(factory: CacheFactory): void {
  const unused = new Set(Object.keys(factory.deviations ?? {}));
  const holds = (says: string, check: (cache: BaseCache) => Promise<void>) => {
    const deviation = factory.deviations?.[says];
    unused.delete(says);
    const run = deviation === undefined ? test : test.fails;
    run(deviation === undefined ? says : `${says} — not so here: ${deviation}`, async () => {
      const cache = await factory.create();
      try {
        await check(cache);
      } finally {
        await factory.destroy(cache);
      }
    });
  };

  const holdsInTime: typeof holds = (says, check) => {
    if (!factory.onlyConnection) holds(says, check);
  };

  describe(`the contract of a cache, kept by ${factory.name}`, () => {
    holds("get gives what was set", async (cache) => {
      await cache.set([entry(WEATHER, { sunny: true })]);
      expect(await cache.get([WEATHER])).toEqual([{ key: WEATHER, value: { sunny: true } }]);
    });
    holds("get gives nothing for what was not set", async (cache) => {
      await cache.set([entry(WEATHER, 1)]);
      expect(
        await cache.get([
          [["weather"], "Rome"],
          [["news"], "Paris"],
          [[], "Paris"],
        ]),
      ).toEqual([]);
    });
    holds("get and set of nothing do nothing", async (cache) => {
      await cache.set([]);
      expect(await cache.get([])).toEqual([]);
    });
    holds("get gives several keys in their order, without those that are not there", async (cache) => {
      const keys = Array.from({ length: 30 }, (_, at): CacheFullKey => [[`n${at % 3}`], `k${at}`]);
      await cache.set(keys.filter((_, at) => at % 4 > 0).map((key) => entry(key, key[1])));
      const found = await cache.get(keys);
      expect(found).toEqual(keys.filter((_, at) => at % 4 > 0).map((key) => ({ key, value: key[1] })));
    });
    holds("get gives a key as often as it is asked for", async (cache) => {
      await cache.set([entry(WEATHER, 1)]);
      expect(await cache.get([WEATHER, WEATHER])).toHaveLength(2);
    });
    holds("set replaces, and of several values of one key the last counts", async (cache) => {
      await cache.set([entry(WEATHER, 1)]);
      await cache.set([entry(WEATHER, 2), entry(WEATHER, 3)]);
      expect((await cache.get([WEATHER]))[0]?.value).toBe(3);
    });
    for (const [what, value] of Object.entries({
      null: null,
      undefined: undefined,
      "an empty text": "",
      zero: 0,
      "a map": new Map([["a", new Set([1])]]),
      bytes: Uint8Array.from([0, 10, 255]),
      "a message": new AIMessage("hello"),
      "writes of a node": [
        ["messages", [new AIMessage("hello")]],
        ["n", 1],
      ],
    })) {
      holds(`a value comes back as it was: ${what}`, async (cache) => {
        await cache.set([entry(WEATHER, value)]);
        expect(await cache.get([WEATHER])).toEqual([{ key: WEATHER, value }]);
      });
    }
    holds("what is changed after set does not change what is stored", async (cache) => {
      const value = { list: [1] };
      await cache.set([entry(WEATHER, value)]);
      value.list.push(2);
      const [found] = (await cache.get([WEATHER])) as { value: typeof value }[];
      expect(found?.value.list).toEqual([1]);
      found?.value.list.push(3);
      expect((await cache.get([WEATHER]))[0]?.value).toEqual({ list: [1] });
    });
    holdsInTime("an entry is gone after its ttl, in seconds; others stay", async (cache) => {
      const long: CacheFullKey = [["weather"], "Rome"];
      const never: CacheFullKey = [["weather"], "Oslo"];
      await cache.set([entry(WEATHER, 1, 0.05), entry(long, 2, 3_600), entry(never, 3)]);
      await sleep(80);
      expect(await cache.get([WEATHER, long, never])).toEqual([
        { key: long, value: 2 },
        { key: never, value: 3 },
      ]);
    });
    holds("an entry with a ttl that is not positive has expired", async (cache) => {
      for (const ttl of [0, -1]) {
        await cache.set([entry(WEATHER, 1)]);
        await cache.set([entry(WEATHER, 2, ttl)]);
        expect(await cache.get([WEATHER])).toEqual([]);
      }
    });
    holds("an entry with an infinite ttl stays", async (cache) => {
      await cache.set([entry(WEATHER, 1, Number.POSITIVE_INFINITY)]);
      expect((await cache.get([WEATHER]))[0]?.value).toBe(1);
    });
    holdsInTime("set starts the ttl again, and ends it where there is none", async (cache) => {
      await cache.set([entry(WEATHER, 1, 0.05)]);
      await cache.set([entry(WEATHER, 2)]);
      await sleep(80);
      expect((await cache.get([WEATHER]))[0]?.value).toBe(2);
      await cache.set([entry(WEATHER, 3, 0.05)]);
      await sleep(80);
      expect(await cache.get([WEATHER])).toEqual([]);
    });
    holds("clear removes a namespace, and neither what is below it nor what is beside it", async (cache) => {
      const other: CacheFullKey[] = [
        [["a", "b"], "k"],
        [["a", "c"], "k"],
        [["b"], "k"],
        [[], "k"],
      ];
      await cache.set([
        entry([["a"], "k"], 1),
        entry([["a"], "l"], 1, 60),
        ...other.map((key) => entry(key, 2)),
      ]);
      await cache.clear([["a"]]);
      expect((await cache.get([[["a"], "k"], [["a"], "l"], ...other])).map(({ key }) => key)).toEqual(other);
    });
    holds("labels that hold a separator are not two labels", async (cache) => {
      const keys: CacheFullKey[] = [
        [["a", "b"], "k"],
        [["a,b"], "k"],
        [["a:b"], "k"],
        [["a", "b", ""], "k"],
        [["", "a", "b"], "k"],
        [["a%3Ab"], "k"],
      ];
      await cache.set(keys.map((key, at) => entry(key, at)));
      expect((await cache.get(keys)).map(({ value }) => value)).toEqual(keys.map((_, at) => at));
      await cache.clear([["a", "b"]]);
      expect((await cache.get(keys)).map(({ value }) => value)).toEqual([1, 2, 3, 4, 5]);
    });
    holds("every string is a key of its own", async (cache) => {
      const strings = [...HOSTILE_STRINGS, "", "\ud83d", "\ufffd", "permanent", "!"];
      const keys = strings.map((text): CacheFullKey => [["n"], text]);
      await cache.set(keys.map((key, at) => entry(key, at, at % 2 === 0 ? 60 : undefined)));
      expect((await cache.get(keys)).map(({ value }) => value)).toEqual(keys.map((_, at) => at));
    });
    holds("every string is a namespace of its own", async (cache) => {
      // LangGraph's own cache would change Object.prototype.
      const harmless = HOSTILE_STRINGS.filter((text) => !POLLUTING.has(text));
      const strings = [...harmless, "", "\ud83d", "\ufffd", "permanent", "!"];
      const keys = strings.map((text): CacheFullKey => [[text], "k"]);
      await cache.set(keys.map((key, at) => entry(key, at, at % 2 === 0 ? 60 : undefined)));
      expect((await cache.get(keys)).map(({ value }) => value)).toEqual(keys.map((_, at) => at));
      await cache.clear(strings.slice(1).map((text) => [text]));
      expect((await cache.get(keys)).map(({ value }) => value)).toEqual([0]);
    });
    holds("get and set take more keys at once than a script does", async (cache) => {
      const keys = Array.from(
        { length: 1_050 },
        (_, at): CacheFullKey => [[at % 7 === 0 ? "a" : "b"], `k${at}`],
      );
      await cache.set(keys.map((key, at) => entry(key, at)));
      expect((await cache.get(keys)).map(({ value }) => value)).toEqual(keys.map((_, at) => at));
    });
    holds("clear of several namespaces, and of one that is not there", async (cache) => {
      await cache.set([entry([["a"], "k"], 1), entry([["b"], "k"], 2), entry([["c"], "k"], 3)]);
      await cache.clear([["a"], ["nothing"], ["c"]]);
      expect(
        (
          await cache.get([
            [["a"], "k"],
            [["b"], "k"],
            [["c"], "k"],
          ])
        ).map(({ value }) => value),
      ).toEqual([2]);
    });
    holds("clear of no namespace removes everything", async (cache) => {
      const keys = Array.from({ length: 100 }, (_, at): CacheFullKey => [[`n${at}`], "k"]);
      await cache.set(keys.map((key) => entry(key, 1)));
      await cache.clear([]);
      expect(await cache.get(keys)).toEqual([]);
    });
    holds("clear is followed by a cache as new", async (cache) => {
      await cache.set([entry(WEATHER, 1)]);
      await cache.clear([["weather"]]);
      await cache.set([entry(WEATHER, 2)]);
      expect((await cache.get([WEATHER]))[0]?.value).toBe(2);
    });
    test("every deviation names a statement of the contract", () => {
      expect([...unused]).toEqual([]);
    });
  });
}

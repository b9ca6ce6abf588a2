import { describe, expect, test } from "vitest";
import type { Reply } from "../../../src/redis/command.js";
import type { PipelineEntry } from "../../../src/redis/script.js";
import type { Scorer } from "../../../src/store/engines/redis-search/encode.js";
import { QueryBuilder } from "../../../src/store/engines/redis-search/query.js";
import { SearchRunner } from "../../../src/store/engines/redis-search/search-runner.js";
import { PLAIN_CODEC } from "../../../src/store/items/item-codec.js";
import { StoreKeys } from "../../../src/store/keys.js";
import { resolveOptions } from "../../../src/store/options.js";
import { parseOperation } from "../../../src/store/requests.js";
import type { RedisSearchOperation } from "../../../src/store/types.js";
import { FakeEmbeddings } from "../fake-embeddings.js";

const keys = new StoreKeys("p");
const settings = resolveOptions({
  keyPrefix: "p",
  index: { dims: 2, embeddings: new FakeEmbeddings(2), text: true },
});

interface Stored {
  key: string;
  /** Smaller is better. */
  distance: number;
  expired?: boolean;
}

/** A server that has these items and allows queries so many results. Newer ones leave out what has expired. */
class ScriptedServer {
  readonly sent: string[] = [];

  constructor(
    private readonly stored: readonly Stored[],
    private readonly scorer: Scorer,
    private readonly most = 1_000_000,
    /** Decides between equals: always the same by default, and on a cluster the node that answered first. */
    private readonly tie: () => number = () => 0,
  ) {}

  /** The keys that a search finds. */
  search(options: Partial<RedisSearchOperation>): string[] {
    const queries = new QueryBuilder([], PLAIN_CODEC);
    queries.scorer = this.scorer;
    const request = parseOperation({ namespacePrefix: ["a"], query: "words", ...options }, settings);
    if (request.kind !== "search") throw new TypeError("not a search");
    const runner = new SearchRunner(keys, PLAIN_CODEC, queries, settings.vectors, settings.limits);
    const task = runner.search(request, Float32Array.of(1, 0));
    let next = task.next([]);
    for (let round = 0; !next.done; round++) {
      if (round === 20) throw new Error("the search does not end");
      this.sent.push("-");
      next = task.next(next.value.map((entry) => this.answer(entry)));
    }
    return next.value.map(({ key }) => key);
  }

  private answer(entry: PipelineEntry): Reply | Error {
    const args = (entry.args as readonly (string | Buffer)[]).map(String);
    const option = (name: string) => args[args.indexOf(name) + 1] as string;
    if (args[0] === "HMGET") {
      this.sent.push("HMGET");
      return [bytes(JSON.stringify({})), bytes("1 2 3")];
    }
    const isVector = args[2]?.includes("KNN") === true;
    const k = isVector ? Number(args[args.indexOf("p2") + 1]) : Number.POSITIVE_INFINITY;
    if (args[0] === "FT.AGGREGATE") {
      this.sent.push("all");
      const scored = args.includes("WITHSCORES");
      return [
        1,
        ...this.stored.flatMap((item): Reply[] => [
          ...(scored ? [bytes(String(1 / item.distance))] : []),
          ["__key", bytes(documentOf(item)), ...(item.expired ? [] : ["kind", bytes("item")])],
        ]),
      ];
    }
    const count = Number(args[args.indexOf("LIMIT") + 2]);
    const named = args.includes("INKEYS") ? new Set(args) : undefined;
    this.sent.push(count === 0 ? "count" : `${isVector ? (named ? "named" : `k=${k}`) : "text"} ${count}`);
    if (count > this.most) return new Error(`LIMIT exceeds maximum of ${this.most}`);
    const found = this.stored
      .filter((item) => !named || named.has(documentOf(item)))
      .toSorted((a, b) => a.distance - b.distance || this.tie())
      .slice(0, k);
    if (count === 0) return [found.length];
    const page = found.slice(0, count);
    const newer = this.scorer === "BM25STD";
    const living = newer ? page.filter(({ expired }) => !expired) : page;
    const fields = option("RETURN") === "1" ? [] : ["value", bytes("{}"), "meta", bytes("1 2 3")];
    return [
      newer ? living.length : found.length,
      ...living.flatMap((item): Reply[] => [
        bytes(documentOf(item)),
        ...(args.includes("WITHSCORES") ? [bytes(String(1 / item.distance))] : []),
        item.expired ? null : [...fields, "distance", bytes(String(item.distance))],
      ]),
    ];
  }
}

const bytes = (text: string) => Buffer.from(text);
const documentOf = ({ key }: Stored) => keys.ofItem(["a"], key).document;

/** Items with names in the order of their distances. */
function items(count: number, more: (n: number) => Partial<Stored> = () => ({})): Stored[] {
  return Array.from({ length: count }, (_, n) => ({
    key: String(n).padStart(5, "0"),
    distance: (n + 1) / 100_000,
    ...more(n),
  }));
}

const names = (from: number, to: number) =>
  items(to)
    .slice(from)
    .map(({ key }) => key);

describe("a short page", () => {
  const stored = items(60, (n) => ({ expired: n < 40 }));

  test("of a newer server, which drops what has expired, is no proof that there is no more", () => {
    const server = new ScriptedServer(stored, "BM25STD");
    expect(server.search({ limit: 10 })).toEqual(names(40, 50));
    expect(server.sent.filter((each) => each !== "HMGET")).toEqual([
      ...["-", "k=12 11", "-", "count"],
      ...["-", "k=12 12", "k=48 44", "-", "count"],
      ...["-", "k=12 12", "k=48 48", "k=192 176", "-", "count"],
      "-",
    ]);
    const words = new ScriptedServer(stored, "BM25STD");
    expect(words.search({ limit: 10, mode: "text" })).toEqual(names(40, 50));
    expect(new ScriptedServer(stored, "BM25STD").search({ limit: 30, offset: 15 })).toEqual(names(55, 60));
  });

  test("of a newer server is the last one when there are no more documents", () => {
    for (const [mode, first] of [
      ["vector", "k=12 11"],
      ["text", "text 32"],
    ] as const) {
      const server = new ScriptedServer(items(4), "BM25STD");
      expect(server.search({ mode })).toEqual(names(0, 4));
      expect(server.sent).toEqual(["-", first, "-", "count"]);
    }
  });

  test("of an older server is the last one", () => {
    const server = new ScriptedServer(
      items(9, (n) => ({ expired: n < 5 })),
      "BM25",
    );
    expect(server.search({ limit: 10 })).toEqual(names(5, 9));
    expect(server.sent).toEqual(["-", "k=12 11"]);
  });
});

describe("a ranking that is longer than the server lets a search be", () => {
  test.each(["BM25", "BM25STD"] as const)("is read to its end, with scorer %s", (scorer) => {
    const stored = items(250, (n) => ({ expired: n % 50 === 7 }));
    const living = stored.filter(({ expired }) => !expired).map(({ key }) => key);
    for (const mode of ["vector", "text"] as const) {
      const most = 100;
      for (const [offset, limit] of [
        [0, 300],
        [90, 10],
        [95, 20],
        [200, 10],
      ] as const) {
        const server = new ScriptedServer(stored, scorer, most);
        expect(server.search({ mode, offset, limit })).toEqual(living.slice(offset, offset + limit));
      }
    }
  });

  test("is asked for in parts that are allowed, and the limit is learnt once", () => {
    const server = new ScriptedServer(items(250), "BM25", 100);
    expect(server.search({ limit: 150 })).toEqual(names(0, 150));
    expect(server.sent).toEqual([
      ...["-", "k=12 12", "k=48 48", "k=192 151"],
      ...["-", "k=12 12", "k=48 48", "k=100 100"],
      ...["-", "all"],
      ...["-", "named 100", "named 100", "named 50"],
      ...["-", ...names(100, 150).map(() => "HMGET")],
    ]);
  });

  test("is not read to its end where nothing is similar enough there", () => {
    const server = new ScriptedServer(items(250), "BM25", 100);
    expect(server.search({ limit: 150, minScore: 1 - 50.5 / 100_000 })).toEqual(names(0, 50));
    expect(server.sent).not.toContain("all");
  });
});

describe("equally good documents at the end of a page", () => {
  // The server has them in an order of its own.
  const stored = items(50, (n) => ({ distance: 0.5, key: String(99 - n) }));
  const sorted = stored.map(({ key }) => key).sort();

  test.each(["vector", "text"] as const)(
    "by %s are asked for until it is certain which come first",
    (mode) => {
      for (let offset = 0; offset < 50; offset += 7) {
        const server = new ScriptedServer(stored, "BM25");
        expect(server.search({ mode, limit: 7, offset })).toEqual(sorted.slice(offset, offset + 7));
      }
    },
  );

  test.each(["vector", "text", "hybrid"] as const)(
    "by %s are on one page each, also when a cluster has them in another order each time",
    (mode) => {
      let state = 1;
      const tie = () => {
        state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
        return state / 0x40000000 - 1;
      };
      const several = items(70, (n) => ({ distance: n < 20 ? 0.2 : n < 50 ? 0.5 : 0.7 }));
      for (const limit of [2, 3, 7]) {
        const server = new ScriptedServer(several, "BM25", 1_000_000, tie);
        const found: string[] = [];
        for (let offset = 0; offset < 70; offset += limit)
          found.push(...server.search({ mode, limit, offset }));
        expect(found).toEqual(names(0, 70));
      }
    },
  );

  test("have their values read once it is known which these are", () => {
    const server = new ScriptedServer(
      items(500, (n) => ({ distance: 0.5, key: String(900 - n) })),
      "BM25",
    );
    expect(server.search({ mode: "text", limit: 2 })).toEqual(["401", "402"]);
    expect(server.sent).toEqual([
      ...["-", "text 32", "-", "text 128", "-", "text 512"],
      ...["-", "HMGET", "HMGET"],
    ]);
  });
});

test("further pages of neighbours begin with those that the first ones found", () => {
  const server = new ScriptedServer(items(600), "BM25");
  expect(server.search({ limit: 20, offset: 180 })).toEqual(names(180, 200));
  expect(server.sent).toEqual(["-", "k=12 12", "k=48 48", "k=192 192", "k=768 201"]);
});

test("hybrid sends both queries in one round trip", () => {
  const server = new ScriptedServer(items(300), "BM25");
  expect(server.search({ mode: "hybrid", limit: 10 })).toEqual(names(0, 10));
  expect(server.sent).toEqual(["-", "k=12 12", "k=48 48", "k=192 101", "text 101"]);
});

import { randomBytes } from "node:crypto";
import { RedisStore } from "langgraph-redis";
import { percentile, ratio, type Times, timeInTurns } from "../measure.js";
import type { Part } from "../part.js";
import { milliseconds, table } from "../report.js";
import { type Bench, withServer } from "../server.js";
import { modelOf, syntheticVectors, type Vectors } from "./vectors.js";

const ITEMS = 1_000;
const DIMS = 100;

/** What is timed, with its goal: how long it takes with encryption ÷ without, at most. */
const OPERATIONS = {
  "a put": 1.2,
  "100 puts in a batch": 1.3,
  "a get": 1.3,
  "a search by meaning": 1.2,
  "a search by words": 1.2,
  "a search by both": 1.2,
  "a listing with a filter": 1.3,
} as const;

type Name = keyof typeof OPERATIONS;

interface Measured {
  name: Name;
  plain: Times;
  encrypted: Times;
}

/** Operations of a store that encrypts, against those of one that does not. */
export const encryption: Part = {
  name: "encryption",
  async measure() {
    const measured = await withServer(measureStores, { search: true });
    return {
      goals: measured.map(({ name, plain, encrypted }) => ({
        what: `${name} with encryption ÷ without`,
        measured: ratio(encrypted, plain),
        bound: { atMost: OPERATIONS[name] },
        show: (value) => value.toFixed(2),
      })),
      section: report(measured),
    };
  },
};

async function measureStores({ client, keyPrefix }: Bench): Promise<Measured[]> {
  const vectors = syntheticVectors(ITEMS, true, DIMS);
  const index = { dims: DIMS, embeddings: modelOf(vectors), fields: ["word", "text"], text: true };
  const encryption = { keys: { a: randomBytes(32) }, current: "a" };
  const plain = new RedisStore({ client, keyPrefix: `${keyPrefix}-plain`, index });
  const encrypted = new RedisStore({ client, keyPrefix, index, encryption });
  for (const store of [plain, encrypted]) {
    await store.batch(Array.from({ length: ITEMS }, (_, at) => put(vectors, at)));
  }
  const measured: Measured[] = [];
  for (const [name, operation, rounds] of operationsOn(vectors)) {
    const times = await timeInTurns(
      { plain: () => operation(plain), encrypted: () => operation(encrypted) },
      rounds,
    );
    measured.push({ name, ...times });
  }
  return measured;
}

function operationsOn(vectors: Vectors): [Name, (store: RedisStore) => Promise<unknown>, number][] {
  let count = 0;
  const next = () => count++;
  const query = () => `${textOf(next()).slice(0, 30)}`;
  const asked = () => vectors.queries[next() % vectors.queries.length] as string;
  return [
    ["a put", (store) => store.batch([put(vectors, next())]), 400],
    [
      "100 puts in a batch",
      (store) => store.batch(Array.from({ length: 100 }, () => put(vectors, next()))),
      8,
    ],
    ["a get", (store) => store.get(["items"], String(next() % ITEMS)), 500],
    ["a search by meaning", (store) => store.search(["items"], { query: asked(), mode: "vector" }), 200],
    ["a search by words", (store) => store.search(["items"], { query: query(), mode: "text" }), 100],
    ["a search by both", (store) => store.search(["items"], { query: asked(), mode: "hybrid" }), 100],
    [
      "a listing with a filter",
      (store) => store.search(["items"], { filter: { kind: `kind ${next() % 40}` } }),
      200,
    ],
  ];
}

/** A put of an item with one vector, 30 words and five paths. */
function put(vectors: Vectors, at: number) {
  const word = vectors.names[at % ITEMS] as string;
  const value = { word, text: textOf(at), kind: `kind ${at % 40}`, rank: at, user: { id: `u${at % 100}` } };
  return { namespace: ["items"], key: String(at % ITEMS), value, index: ["word"] };
}

/** 30 words of a vocabulary of 3,000, the first ones more frequent. */
function textOf(seed: number): string {
  return Array.from(
    { length: 30 },
    (_, at) => `w${Math.floor(3_000 * (((seed * 7_919 + at * 104_729) % 1_009) / 1_009) ** 3)}rd`,
  ).join(" ");
}

function report(measured: readonly Measured[]): string {
  const both = (timed: Times) => [50, 99].map((p) => milliseconds(percentile(timed, p))).join(" / ");
  return [
    "## Encryption",
    `Stores of ${ITEMS.toLocaleString("en")} items with a vector of ${DIMS} dimensions, 30 words and five paths, with and without encryption, in turns. ` +
      "Milliseconds, p50 / p99.",
    table([
      ["", "without", "with", "with / without"],
      ...measured.map(({ name, plain, encrypted }) => [
        name,
        both(plain),
        both(encrypted),
        ratio(encrypted, plain).toFixed(2),
      ]),
    ]),
  ].join("\n\n");
}

import { percentile, ratio, type Times, timeInTurns } from "../measure.js";
import type { Part } from "../part.js";
import { milliseconds, table } from "../report.js";
import { type BenchClient, withServer } from "../server.js";
import { fillStore } from "./data.js";
import { type Vectors, wordVectors } from "./vectors.js";

interface Writes {
  puts: { batch: number; ours: Times; raw: Times }[];
  get: { ours: Times; raw: Times };
}

/** How many puts there are for each HSET in the same time, at least, by the size of the batch. */
const GOALS: Readonly<Record<number, number>> = { 1: 0.65, 10: 0.75, 100: 0.8 };

export const writes: Part = {
  name: "writes",
  async measure() {
    const words = await wordVectors();
    const measured = await withServer(({ client }) => measureWrites(client, words), { search: true });
    return {
      goals: measured.puts.map(({ batch, ours, raw }) => ({
        what: `puts in batches of ${batch} ÷ pipelined HSET`,
        measured: 1 / ratio(ours, raw),
        bound: { atLeast: GOALS[batch] ?? 0 },
        show: (value) => value.toFixed(2),
      })),
      section: report(measured),
    };
  },
};

/** Times puts against the same hashes written by HSET into the same index, and gets against HGETALL. */
async function measureWrites(client: BenchClient, vectors: Vectors): Promise<Writes> {
  const { store, keyPrefix, clear } = await fillStore(client, vectors, 1_000);
  const names = vectors.names;
  const document = (name: string) => `${keyPrefix}:store:doc:{0}:raw:${Buffer.from(name).toString("hex")}`;
  const [key] = await client.keys(`${keyPrefix}:store:doc:*`);
  // What the store has written for one item, with its bytes.
  const dumped = (await client.sendCommand(["HGETALL", key as string], {
    typeMapping: { 36: Buffer, 37: Array },
  })) as unknown as Buffer[];
  const puts = [];
  // Items that are new each time: to replace one costs more.
  let written = 1_000;
  for (const batch of [1, 10, 100]) {
    const first = written;
    const rounds = Math.max(20, Math.ceil(600 / batch));
    const hashes = Array.from({ length: Math.ceil(1.1 * rounds) * batch + batch }, (_, at) => {
      const name = names[(first + at) % names.length] as string;
      const vector = Buffer.from(Float32Array.from(vectors.of(name)).buffer);
      return ["HSET", document(name), ...withVector(dumped, vector)] as unknown as string[];
    });
    let ours = 0;
    let raw = 0;
    const next = (counter: number, at: number) =>
      names[(first + counter * batch + at) % names.length] as string;
    const times = await timeInTurns(
      {
        ours: async () => {
          const counter = ours++;
          await store.batch(
            Array.from({ length: batch }, (_, at) => {
              const word = next(counter, at);
              return { namespace: ["written"], key: word, value: { word, rank: at, kind: "kind 1" } };
            }),
          );
        },
        raw: async () => {
          const counter = raw++;
          await Promise.all(
            hashes.slice(counter * batch, (counter + 1) * batch).map((hash) => client.sendCommand(hash)),
          );
        },
      },
      rounds,
    );
    puts.push({ batch, ...times });
    written += hashes.length;
  }
  let got = 0;
  const name = () => names[got++ % 1_000] as string;
  const get = await timeInTurns(
    { ours: () => store.get(["words", "thousand"], name()), raw: () => client.hGetAll(key as string) },
    1_000,
  );
  await clear();
  const left = await client.keys(`${keyPrefix}*`);
  if (left.length > 0) await client.unlink(left);
  return { puts, get };
}

/** The fields and values of a hash, with another vector. */
function withVector(fields: readonly Buffer[], vector: Buffer): Buffer[] {
  return fields.map((each, at) =>
    fields[at - 1]?.toString() === "vector:1" && at % 2 === 1 ? vector : each,
  );
}

function report({ puts, get }: Writes): string {
  const perSecond = (times: Times, batch: number) =>
    Math.round((1_000 * batch) / percentile(times, 50)).toLocaleString("en");
  return [
    "## Puts and gets",
    "Puts of items with one vector, embedded beforehand, in batches of different size, against pipelined `HSET` of the same " +
      "hashes into the same index: no conditions, no versions, no namespaces. Most of the time goes into the vector index.",
    table([
      ["items in a batch", "puts per second", "HSET per second", "puts / HSET"],
      ...puts.map(({ batch, ours, raw }) => [
        String(batch),
        perSecond(ours, batch),
        perSecond(raw, batch),
        (1 / ratio(ours, raw)).toFixed(2),
      ]),
    ]),
    table([
      ["", "p50", "p99"],
      ["`get`", ...[50, 99].map((p) => `${milliseconds(percentile(get.ours, p))} ms`)],
      ["`HGETALL` of the same hash", ...[50, 99].map((p) => `${milliseconds(percentile(get.raw, p))} ms`)],
      ["HGETALL / get", (1 / ratio(get.ours, get.raw)).toFixed(2), ""],
    ]),
  ].join("\n\n");
}

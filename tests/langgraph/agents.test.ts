import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleProgram } from "../helpers/bundle-program.js";
import { freshPrefix, plainRedisUrl, redisUrl } from "../helpers/redis.js";
import { comparable } from "./comparable.js";
import type { Order, Outcomes } from "./program.js";
import type { Scenario } from "./scenario.js";
import { scenarios } from "./scenarios/index.js";

// Agents of LangChain's own libraries live in several processes, one after the other, with their state in Redis. The
// same agents live in one process with LangGraph's in-memory implementations. Everything that can be observed is
// compared. One process plays a phase of all scenarios, as starting a process takes longer than a phase.

const run = promisify(execFile);

let directory: string;
/** Of each kind: what each of its processes brought about. */
const outcomes: Record<Order["kind"], Outcomes[]> = { memory: [], all: [], latest: [] };

beforeAll(async () => {
  const bundled = await bundleProgram(new URL("program.ts", import.meta.url), "agents");
  directory = bundled.directory;
  const play = async (orders: Omit<Order, "output">[]) => {
    const files = orders.map(({ kind, phases: [phase] }) => join(directory, `${kind}-${phase}.json`));
    const withOutput = orders.map((order, at) => ({ ...order, output: files[at] }));
    await run(process.execPath, ["--enable-source-maps", bundled.program, JSON.stringify(withOutput)]);
    for (const [at, { kind }] of orders.entries()) {
      outcomes[kind].push(JSON.parse(await readFile(files[at] as string, "utf8")));
    }
  };
  const last = Math.max(...scenarios.map(({ phases }) => phases.length));
  const inMemory = play([{ kind: "memory", url: "", prefix: "", phases: [0, last] }]);
  const prefix = freshPrefix();
  const inRedis = async () => {
    for (let phase = 0; phase < last; phase++) {
      const phases: [number, number] = [phase, phase + 1];
      await play([
        { kind: "all", url: redisUrl(), prefix, phases },
        { kind: "latest", url: plainRedisUrl(), prefix, phases },
      ]);
    }
  };
  await Promise.all([inMemory, inRedis()]);
}, 120_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What the phases of a scenario brought about, from all processes. */
function lifeOf(kind: Order["kind"], { name }: Scenario) {
  const phases = outcomes[kind].flatMap((each) => each[name] ?? []);
  for (const { error } of phases) if (error) throw new Error(error);
  return phases;
}

type CheckpointRecord = { calls: unknown; threads: Record<string, { newest: unknown }>; items: unknown };

/** What is the same without the older checkpoints. */
function withoutHistory(record: unknown): unknown {
  const { calls, threads, items } = record as CheckpointRecord;
  const newest = Object.entries(threads).map(([thread, { newest }]) => [thread, newest]);
  return { calls, newest, items };
}

describe.each(scenarios.map((scenario) => ({ name: scenario.name, scenario })))("$name", ({ scenario }) => {
  const results = scenario.phases.map(({ result }) => result);

  test("does in memory what it is meant to do", () => {
    const life = lifeOf("memory", scenario);
    expect(comparable(life.map(({ result }) => result))).toEqual(results);
  });

  test("is the same in fresh processes, with all checkpoints in Redis", () => {
    const [redis, memory] = [lifeOf("all", scenario), lifeOf("memory", scenario)];
    expect(comparable(redis)).toEqual(comparable(memory));
  });

  if (scenario.looksBack) return;

  test("is the same in fresh processes, with the latest checkpoint in Redis", () => {
    const [redis, memory] = [lifeOf("latest", scenario), lifeOf("memory", scenario)];
    const compared = (life: typeof redis) => life.map(({ record }) => withoutHistory(record));
    expect(comparable(compared(redis))).toEqual(comparable(compared(memory)));
  });
});

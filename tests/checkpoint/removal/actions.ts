import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import {
  CheckpointNotFoundError,
  InvalidInputError,
  type RedisSaver,
  ThreadConflictError,
} from "langgraph-redis";
import { config, id, put } from "../../conformance/saver/steps.js";

/** Pseudo-random numbers below a bound: the same for the same seed. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % below;
  };
}

const NAMESPACES = ["", "child", "child|task:1", "task:2"];
const THREADS = ["a", "b"];
const text = (n: number) => `element ${n} `.repeat(40);

/** Something that a client may do to threads "a" and "b": one of all operations that write or remove. */
export async function act(saver: RedisSaver, random: (below: number) => number): Promise<void> {
  const thread = THREADS[random(THREADS.length)] as string;
  const ns = NAMESPACES[random(NAMESPACES.length)] as string;
  const some = () => id(random(40));
  const runs = ["r1", "r2", "r3"];
  const run = () => runs[random(runs.length)] as string;
  const writes = () =>
    saver.putWrites(
      config(thread, ns, some()),
      [
        ["log", text(random(9))],
        ["n", random(3)],
      ],
      `task ${random(3)}`,
    );
  const step = async () => {
    const latest = (await saver.getTuple(config(thread, ns)))?.checkpoint;
    const parent = random(4) === 0 ? some() : latest?.id;
    const before = (latest?.channel_values.l as string[] | undefined) ?? [];
    const l =
      random(5) === 0
        ? before.slice(1)
        : [...before, ...Array.from({ length: random(6) }, () => text(random(60)))];
    const isOpen = random(3) === 0;
    const isSnapshot = random(6) === 0;
    await put(
      saver,
      thread,
      {
        id: random(3) === 0 ? some() : id(1 + Number.parseInt((latest?.id ?? id(0)).slice(3, 8), 16)),
        ...(parent === undefined ? {} : { parent }),
        v: random(8) === 0 ? 3 : 4,
        values: { l, n: text(random(5)), ...(isSnapshot ? { log: new DeltaSnapshot([text(1)]) } : {}) },
        versions: { l: random(1_000), n: random(1_000), ...(isSnapshot ? { log: 1 } : {}) },
        metadata: {
          run_id: run(),
          parents: ns === "" ? {} : { "": some(), child: some() },
          ...(isOpen || isSnapshot ? { counters_since_delta_snapshot: { log: [1, 1] } } : {}),
        },
      },
      ns,
    );
  };
  const actions = [step, step, step, step, step, writes, writes, writes];
  actions.push(
    () => saver.prune([thread], { keepLast: 1 + random(4) }).then(() => {}),
    () => saver.prune([thread], { checkpointId: some(), checkpointNs: ns }).then(() => {}),
    () => saver.prune([thread], { olderThan: new Date(random(40) * 1_000) }).then(() => {}),
    () => saver.deleteForRuns([run(), run()]).then(() => {}),
    () => (random(5) === 0 ? saver.deleteThread(thread) : writes()),
    () => saver.copyThread(thread, THREADS[random(2)] as string),
    () => saver.expire(thread, 10).then(() => {}),
    () => saver.persist(thread).then(() => {}),
  );
  try {
    await actions[random(actions.length)]?.();
  } catch (error) {
    const isExpected =
      error instanceof CheckpointNotFoundError ||
      error instanceof InvalidInputError ||
      error instanceof ThreadConflictError;
    if (!isExpected) throw error;
  }
}

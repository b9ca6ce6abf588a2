import { openClient } from "./client.js";
import { type Host, openHost } from "./host.js";
import { Difference, play, type Theatre } from "./player.js";
import { startProcesses } from "./processes.js";
import { randomBlock } from "./random-steps.js";
import { SAVERS } from "./savers.js";
import { shrink, simpler } from "./shrink.js";
import type { Block, Step } from "./steps.js";

export interface RunOptions {
  /** A server of the test's own: keys are looked for on it. */
  readonly url: string;
  readonly prefix: string;
  readonly audit?: Theatre["audit"];
  readonly seed: number;
  /** How many sequences, or steps, are played at least. */
  readonly sequences?: number;
  readonly steps?: number;
}

/** Sequences that follow one another with the same savers. */
const BLOCK = 8;
/** Blocks that are played at the same time. */
const LANES = 16;
const SHRINKING = 60_000;

/** Plays random sequences. @throws {Error} with the shortest failing one that was found. */
export async function runModel({
  url,
  prefix,
  audit,
  seed,
  sequences = 0,
  steps = 0,
}: RunOptions): Promise<{ sequences: number; steps: number }> {
  const theatre = { ...(await open(url)), audit };
  const played = { sequences: 0, steps: 0 };
  let next = seed;
  let failed: Error | undefined;
  const lane = async () => {
    while (!failed && (played.sequences < sequences || played.steps < steps)) {
      const own = next;
      next += 1;
      const block = randomBlock(own, BLOCK);
      played.sequences += block.sequences.length;
      played.steps += block.sequences.flat().length;
      await play(theatre, prefix, block.stage, block.sequences.flat()).catch(async (error: unknown) => {
        if (failed) return;
        failed = new Error(`the block of seed ${own} fails`);
        failed = await explain(theatre, prefix, block, own, error as Error);
      });
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
  } finally {
    for (const host of theatre.hosts) await host.end();
    theatre.client.destroy();
  }
  if (failed) throw failed;
  return played;
}

async function open(url: string): Promise<Theatre> {
  const count = Math.max(...SAVERS.map(({ process }) => process));
  const hosts: Host[] = [await openHost(url), ...(await startProcesses(url, count))];
  return { hosts, client: await openClient(url) };
}

/** Finds a short sequence of steps that fails as a block did. */
async function explain(
  theatre: Theatre,
  prefix: string,
  block: Block,
  seed: number,
  error: Error,
): Promise<Error> {
  const fails = async (steps: readonly Step[]): Promise<string | undefined> => {
    try {
      await play(theatre, prefix, block.stage, steps);
      return undefined;
    } catch (thrown) {
      return thrown instanceof Difference ? thrown.message : String(thrown);
    }
  };
  const until = Date.now() + SHRINKING;
  const all = block.sequences.flat();
  let smallest = { steps: all as readonly Step[], failure: error.message };
  const again = await fails(all);
  if (again !== undefined) {
    smallest = await shrink(all, again, fails, until);
    for (let at = 0; at < smallest.steps.length; at++) {
      for (let isSimpler = true; isSimpler && Date.now() < until; ) {
        isSimpler = false;
        for (const instead of simpler(smallest.steps[at])) {
          const steps = smallest.steps.with(at, instead as Step);
          const failure = await fails(steps);
          if (failure === undefined) continue;
          smallest = { steps, failure };
          isSimpler = true;
          break;
        }
      }
    }
  }
  return new Error(
    [
      `The savers differ from the oracle. MODEL_SEED=${seed} plays this again.`,
      again === undefined
        ? "It does not fail each time."
        : `${smallest.steps.length} of ${all.length} steps fail too:`,
      `on ${JSON.stringify(block.stage)}`,
      ...(again === undefined
        ? ((error as Difference).trace ?? [])
        : smallest.steps.map((step) => JSON.stringify(step))),
      smallest.failure,
    ].join("\n"),
  );
}

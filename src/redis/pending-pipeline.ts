import type { Transmission } from "./client-adapter.js";
import type { Command, Reply } from "./command.js";
import { Deadline } from "./deadline.js";
import { Lane } from "./lane.js";
import { STALL_TICKS, type Waiting } from "./stall-detector.js";

/**
 * Refusals that pass by themselves, and by which nothing was done: the server loads its data, is busy with a script,
 * or has lost its master; the cluster has a part without a master, or is moving the keys of this slot.
 */
const TRANSIENT_ERRORS = /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)\b/;

export function isTransient(reply: Reply | Error): boolean {
  return reply instanceof Error && TRANSIENT_ERRORS.test(reply.message);
}

/** Where a pipeline waits while none of its commands waits for an answer. */
const NO_LANE = new Lane();

/**
 * A pipeline that has not been answered completely. Its deadline comes when one of the lanes in which its commands wait
 * has given no answer for the whole time-out, to whomever; or when its own attempts have failed for so long, whatever
 * answers others get.
 */
export class PendingPipeline extends Deadline implements Transmission, Waiting {
  #commands: readonly Command[] = [];
  readonly #unanswered = new Set<number>();
  readonly #seen = new Map<Lane, { answers: number; idleTicks: number }>();
  #ownLane: Lane | undefined;
  /** Ticks since the first attempt that failed. */
  #failingTicks: number | undefined;

  /** @param laneOf the lane in which a command waits now. */
  constructor(private readonly laneOf: (command: Command) => Lane) {
    super();
  }

  /** Begins an attempt with these commands. */
  begin(commands: readonly Command[]): void {
    this.#commands = commands;
    this.#ownLane = undefined;
    this.#unanswered.clear();
    for (const index of commands.keys()) this.#unanswered.add(index);
  }

  /** The attempt has failed. */
  failed(): void {
    this.#failingTicks ??= 0;
  }

  /** Waits before another attempt. @returns false when there is no time for one. */
  override async pause(attempt: number): Promise<boolean> {
    return (this.#failingTicks ?? 0) < STALL_TICKS && super.pause(attempt);
  }

  answered(index: number, reply: Reply | Error): void {
    // A server that is not ready answers at once, but nobody gets on by that.
    if (!isTransient(reply)) {
      this.laneOf(this.#commands[index] as Command).answers++;
      if (this.#ownLane) this.#ownLane.answers++;
    }
    this.#unanswered.delete(index);
  }

  useOwnLane(): void {
    this.#ownLane = new Lane();
  }

  tick(): void {
    if (this.#failingTicks !== undefined) this.#failingTicks++;
    const lanes = new Set<Lane>();
    for (const index of this.#unanswered) lanes.add(this.#laneAt(index));
    if (lanes.size === 0) lanes.add(NO_LANE);
    for (const lane of lanes) {
      const seen = this.#seen.get(lane);
      if (seen?.answers !== lane.answers) this.#seen.set(lane, { answers: lane.answers, idleTicks: 0 });
      else if (++seen.idleTicks >= STALL_TICKS) this.expire();
    }
  }

  #laneAt(index: number): Lane {
    return this.#ownLane ?? this.laneOf(this.#commands[index] as Command);
  }
}

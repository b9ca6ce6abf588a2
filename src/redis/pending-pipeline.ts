import type { ClientAdapter, Transmission } from "./client-adapter.js";
import type { Command, Reply } from "./command.js";
import { Deadline } from "./deadline.js";
import { Lane } from "./lane.js";
import type { Meter } from "./meter.js";
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
  /** For each command whether it has been answered. */
  #answered: boolean[] = [];
  #seen: Map<Lane, { answers: number; idleTicks: number }> | undefined;
  #ownLane: Lane | undefined;
  /** Ticks since the first attempt that failed. */
  #failingTicks: number | undefined;

  #attempts = 0;

  /**
   * @param adapter knows the lane in which a command waits now.
   * @param meter counts what is sent and answered, if anybody wants to know.
   */
  constructor(
    private readonly adapter: Pick<ClientAdapter, "laneOf">,
    private readonly meter?: Meter,
  ) {
    super();
  }

  /** Begins an attempt with these commands. */
  begin(commands: readonly Command[]): void {
    this.#commands = commands;
    this.#answered = commands.map(() => false);
    this.#ownLane = undefined;
    this.meter?.sent(commands, this.#attempts++ > 0);
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
    this.meter?.received(reply);
    // A server that is not ready answers at once, but nobody gets on by that.
    if (!isTransient(reply)) {
      this.adapter.laneOf(this.#commands[index] as Command).answers++;
      if (this.#ownLane) this.#ownLane.answers++;
    }
    this.#answered[index] = true;
  }

  useOwnLane(): void {
    this.#ownLane = new Lane();
  }

  tick(): void {
    if (this.#failingTicks !== undefined) this.#failingTicks++;
    this.#seen ??= new Map();
    for (const lane of this.#lanes()) {
      const seen = this.#seen.get(lane);
      if (seen?.answers !== lane.answers) this.#seen.set(lane, { answers: lane.answers, idleTicks: 0 });
      else if (++seen.idleTicks >= STALL_TICKS) this.expire();
    }
  }

  /** Those in which its commands wait. */
  #lanes(): Set<Lane> {
    const lanes = new Set<Lane>();
    this.#commands.forEach((command, index) => {
      if (!this.#answered[index]) lanes.add(this.#ownLane ?? this.adapter.laneOf(command));
    });
    return lanes.size === 0 ? lanes.add(NO_LANE) : lanes;
  }
}

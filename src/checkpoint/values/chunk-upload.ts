import { ThreadConflictError } from "../../errors.js";
import type { Arg } from "../../redis/command.js";
import type { ChunkPresenceCache } from "../cache/chunk-presence-cache.js";
import { encodeTable } from "./chunk.js";
import type { ChunkStep, EncodedValue } from "./encoded-value.js";

/** A refusal is answered with what was missing. That it is refused again means that others prune the thread. */
export const MAX_ATTEMPTS = 5;

/**
 * Decides which chunks of some values go along with a call, and learns from its outcome.
 *
 * What the thread is not believed to hold is sent. A table that is held holds all below it, so the search goes down
 * from the values' roots and stops there: for a list that grew by one element it sees little more than that element.
 */
export class ChunkUpload {
  private steps = new Map<string, ChunkStep>();
  private believed = new Set<string>();
  private values: readonly EncodedValue[] = [];

  constructor(
    private readonly presence: ChunkPresenceCache,
    private readonly thread: string,
  ) {}

  /**
   * Prepares values for a call.
   *
   * @returns them, rewritten where two would append to the same open run, with the chunks that they need as arguments
   * of a script, see scripts/chunk-store.lua.
   */
  prepare(values: readonly EncodedValue[]): { values: readonly EncodedValue[]; chunkArgs: Arg[] } {
    this.steps = new Map();
    this.believed = new Set();
    this.values = values.map((value) => {
      if (this.collect(value, value.roots)) return value;
      const rewritten = value.rewritten();
      this.collect(rewritten, rewritten.roots);
      return rewritten;
    });
    const merges = this.values.flatMap((value) => value.merges);
    const steps = [...this.steps.values(), ...merges];
    return { values: this.values, chunkArgs: [String(steps.length), ...steps.flatMap(stepArgs)] };
  }

  /** The script stored the values. */
  accepted(): void {
    this.presence.add(this.thread, this.steps.keys());
    for (const value of this.values) this.presence.add(this.thread, value.roots);
  }

  /**
   * The script stored nothing, and names what is missing. All that was believed of the thread is forgotten, but for
   * what the script has just found there.
   */
  refused(missing: readonly string[]): void {
    for (const name of missing) this.believed.delete(name);
    this.presence.forget(this.thread);
    this.presence.add(this.thread, this.believed);
  }

  /** @returns false when the value cannot be stored like this together with the ones before it. */
  private collect(value: EncodedValue, names: readonly string[]): boolean {
    for (const name of names) {
      const run = value.runs.get(name);
      const chosen = this.steps.get(name);
      if (chosen) {
        if (run && (run.kind === "grow" || chosen.kind === "grow") && !sameGrowth(run, chosen)) return false;
        continue;
      }
      // A run that grows is there already, so its step is not superfluous for that.
      if (run?.kind !== "grow" && this.presence.has(this.thread, name)) {
        this.believed.add(name);
        continue;
      }
      const children = value.tables.get(name);
      if (children) {
        this.steps.set(name, { kind: "store", name, bytes: encodeTable(children) });
        if (!this.collect(value, children)) return false;
      } else if (run) {
        this.steps.set(name, run);
      } else {
        // The encoder believes it to be there.
        this.believed.add(name);
      }
    }
    return true;
  }
}

function sameGrowth(a: ChunkStep, b: ChunkStep): boolean {
  return a.kind === "grow" && b.kind === "grow" && a.length === b.length && a.bytes.equals(b.bytes);
}

function stepArgs(step: ChunkStep): Arg[] {
  switch (step.kind) {
    case "store":
      return [step.kind, step.name, step.bytes];
    case "grow":
      return [step.kind, step.name, String(step.length), step.check, step.bytes];
    case "finish":
      return [step.kind, step.name, step.from, String(step.length), step.check, step.bytes];
    case "merge":
      return [step.kind, step.name, step.target, String(step.offset), String(step.length)];
  }
}

export function refusedTooOften(what: string): Error {
  return new ThreadConflictError(
    `cannot store ${what}: its thread lost chunks ${MAX_ATTEMPTS} times while they were being sent. ` +
      "Nothing was written. Try again when the thread is not being pruned.",
  );
}

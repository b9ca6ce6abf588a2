/** Somebody who waits for an answer, and finds out by itself whether any come. */
export interface Waiting {
  tick(): void;
}

/** So many ticks without an answer are a stall. */
export const STALL_TICKS = 10;

/**
 * The clock by which all pipelines of a connection tell a server that is busy from one that gives no answers any more.
 *
 * It counts ticks instead of milliseconds: a tick that comes late counts as one. When this process itself was busy for
 * longer than the time-out, answers that arrived meanwhile are read before the next tick.
 */
export class StallDetector {
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  /** @param timeout milliseconds without an answer that are a stall; Infinity for never. */
  constructor(private readonly timeout: number) {}

  /** Lets somebody count ticks, until {@link unwatch} is called. */
  watch(waiting: Waiting): void {
    if (!Number.isFinite(this.timeout)) return;
    this.#waiting.add(waiting);
    if (this.#waiting.size > 1) return;
    if (this.#timer) this.#timer.ref();
    else this.#timer = setInterval(() => this.#tick(), this.timeout / STALL_TICKS);
  }

  unwatch(waiting: Waiting): void {
    // The clock goes on for a tick, since the next one comes soon as a rule, but does not keep the process alive.
    if (this.#waiting.delete(waiting) && this.#waiting.size === 0) this.#timer?.unref();
  }

  #tick(): void {
    for (const waiting of this.#waiting) waiting.tick();
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

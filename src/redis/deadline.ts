import { Cancellation, type CancelSignal } from "./cancellation.js";

/** The end of the time that something may take. It comes when {@link expire} or {@link cancel} is called. */
export class Deadline {
  readonly #cancellation = new Cancellation();
  #wake: () => void = () => {};
  #cancelled: { readonly reason: unknown } | undefined;

  /** Aborts when the time is over. */
  get signal(): CancelSignal {
    return this.#cancellation;
  }

  get isOver(): boolean {
    return this.#cancellation.aborted;
  }

  expire(): void {
    this.#cancellation.abort();
    this.#wake();
  }

  /** Ends the time because the caller waits no longer. */
  cancel(reason: unknown): void {
    this.#cancelled ??= { reason };
    this.expire();
  }

  /** @throws the reason with which it was cancelled. */
  throwIfCancelled(): void {
    if (this.#cancelled) throw this.#cancelled.reason;
  }

  /** The result of the work, or undefined when the time is over first. One work at a time. */
  within<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      work.then(resolve, reject);
      // What has come to its end by then counts, also when nobody has been told yet.
      this.#wake = () => queueMicrotask(() => resolve(undefined));
      if (this.isOver) this.#wake();
    });
  }

  /** Waits before another attempt, ever longer. @returns false when the time is over. */
  async pause(attempt: number): Promise<boolean> {
    if (this.isOver) return false;
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(20 * 2 ** attempt, 200) * (0.5 + Math.random() / 2));
    });
    await this.within(waited);
    clearTimeout(timer);
    return !this.isOver;
  }
}

/** The result of the work, or undefined when it takes longer than so many milliseconds. */
export async function atMost<T>(milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  const deadline = new Deadline();
  const timer = Number.isFinite(milliseconds) ? setTimeout(() => deadline.expire(), milliseconds) : undefined;
  try {
    return await deadline.within(work);
  } finally {
    clearTimeout(timer);
  }
}

/** The end of the time that something may take. It comes when {@link expire} or {@link cancel} is called. */
export class Deadline {
  readonly #abort = new AbortController();
  readonly #over: Promise<undefined>;
  #wake: () => void = () => {};
  #cancelled: { readonly reason: unknown } | undefined;

  constructor() {
    this.#over = new Promise((resolve) => {
      this.#wake = () => resolve(undefined);
    });
  }

  /** Aborts when the time is over. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isOver(): boolean {
    return this.#abort.signal.aborted;
  }

  expire(): void {
    this.#abort.abort();
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

  /** The result of the work, or undefined when the time is over first. */
  async within<T>(work: Promise<T>): Promise<T | undefined> {
    work.catch(() => {}); // nobody may be listening any more
    return Promise.race([work, this.#over]);
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

/** The time that one pipeline has. */
export class Deadline {
  readonly #abort = new AbortController();
  readonly #over: Promise<void>;
  readonly #deadline: number;
  #timer: NodeJS.Timeout | undefined;
  #wake: () => void = () => {};

  constructor(milliseconds: number) {
    this.#deadline = performance.now() + milliseconds;
    this.#over = new Promise((resolve) => {
      this.#wake = resolve;
      if (!Number.isFinite(milliseconds)) return;
      this.#timer = setTimeout(() => {
        // Timers run before sockets are read: after a busy spell of this process, the answer may be there already.
        setImmediate(() => setImmediate(() => this.#expire()));
      }, milliseconds);
    });
  }

  /** Aborts when the time is over. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isOver(): boolean {
    return this.#abort.signal.aborted;
  }

  /** What the work gives, or undefined when the time is over first. */
  async within<T>(work: Promise<T>): Promise<T | undefined> {
    work.catch(() => {}); // nobody may be listening any more
    return Promise.race([work, this.#over.then(() => undefined)]);
  }

  /** Waits before another attempt, ever longer. @returns false when there is no time for one. */
  async pause(attempt: number): Promise<boolean> {
    const wait = Math.min(20 * 2 ** attempt, 200) * (0.5 + Math.random() / 2);
    if (this.isOver || performance.now() + wait > this.#deadline) return false;
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, wait);
    });
    await this.within(waited);
    clearTimeout(timer);
    return !this.isOver;
  }

  /** Must be called when the work is done. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #expire(): void {
    this.#abort.abort();
    this.#wake();
  }
}

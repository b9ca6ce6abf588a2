import type { Transmission } from "../../src/redis/client-adapter.js";
import type { Reply } from "../../src/redis/command.js";

/** A transmission for adapters that are called directly. */
export class FakeTransmission implements Transmission {
  readonly #abort = new AbortController();
  /** Indices of the commands that were answered, and the answers, in the order in which they came. */
  readonly answers: [index: number, reply: Reply | Error][] = [];
  hasOwnLane = false;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  abort(): void {
    this.#abort.abort();
  }

  answered(index: number, reply: Reply | Error): void {
    this.answers.push([index, reply]);
  }

  useOwnLane(): void {
    this.hasOwnLane = true;
  }
}

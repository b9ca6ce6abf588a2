import { reasonOf } from "../describe.js";
import { CommandTimeoutError, type LangGraphRedisError, NotConnectedError } from "../errors.js";

/** How long a server that could not be reached is left alone, in milliseconds. */
const PAUSE = 5_000;

/**
 * What is done about failures of a cache, which must cost no more than a node that runs again: each is told, and a server
 * that gives no answers is not waited for by every operation anew.
 */
export class CacheFailures {
  #pausedUntil = Number.NEGATIVE_INFINITY;
  readonly #warned = new Set<string>();

  constructor(private readonly onError: ((error: LangGraphRedisError) => void) | undefined) {}

  /** Whether Redis could not be reached a moment ago. */
  get isPaused(): boolean {
    return performance.now() < this.#pausedUntil;
  }

  /** Redis has answered. */
  recovered(): void {
    this.#pausedUntil = Number.NEGATIVE_INFINITY;
  }

  /** Tells of a failure. @throws what `onError` throws. */
  report(error: LangGraphRedisError): void {
    if (error instanceof CommandTimeoutError || error instanceof NotConnectedError) {
      this.#pausedUntil = performance.now() + PAUSE;
    }
    if (this.onError) {
      const result: unknown = this.onError(error);
      // An asynchronous listener that fails must not end the process.
      if (result instanceof Promise) result.catch(warnOfListener);
    } else {
      this.#warnOnce(error);
    }
  }

  /** As {@link report}, where nobody waits for the outcome. */
  reportAside(error: LangGraphRedisError): void {
    try {
      this.report(error);
    } catch (thrown) {
      if (thrown !== error) warnOfListener(thrown);
    }
  }

  #warnOnce({ code, message }: LangGraphRedisError): void {
    if (this.#warned.has(code)) return;
    this.#warned.add(code);
    process.emitWarning(
      `RedisCache goes on without what failed: ${message} Further failures of this kind are not told; see the option onError.`,
      { type: "LangGraphRedisWarning", code },
    );
  }
}

function warnOfListener(thrown: unknown): void {
  process.emitWarning(`onError of RedisCache failed: ${reasonOf(thrown)}`, { type: "LangGraphRedisWarning" });
}

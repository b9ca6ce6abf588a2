import { LangGraphRedisError } from "../errors.js";
import type { ClientAdapter } from "./client-adapter.js";
import { isOfflineRefusal } from "./clients/error-reply.js";
import type { Command, Connection, Reply } from "./command.js";
import { ConnectionFailure } from "./connection-failure.js";
import { Deadline } from "./deadline.js";

/**
 * Refusals that pass by themselves, and by which nothing was done: the server loads its data, is busy with a script,
 * or has lost its master; the cluster has a part without a master, or is moving the keys of this slot.
 */
const TRANSIENT_ERRORS = /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)\b/;

/**
 * Sends pipelines until they are answered, for a bounded time.
 *
 * When the connection breaks, nobody knows which commands have run. All that this package sends is idempotent, so
 * that everything from the first unanswered pipeline on is simply sent again; a server that restarts within the time
 * is then not noticed but for the wait.
 */
export class RetryingConnection implements Connection {
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  constructor(
    private readonly adapter: ClientAdapter,
    private readonly milliseconds: number,
  ) {}

  pipeline(commands: readonly Command[]): Promise<(Reply | Error)[]> {
    if (this.#closed)
      return Promise.reject(
        new ConnectionFailure("not connected", "its connection was closed by end() or stop()"),
      );
    if (commands.length === 0) return Promise.resolve([]);
    const deadline = new Deadline(this.milliseconds);
    const work = this.#send(commands, deadline).finally(() => {
      deadline.end();
      this.#underWay.delete(work);
    });
    this.#underWay.add(work);
    return work;
  }

  /** Takes no more pipelines, and waits until those under way have been answered or have failed. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
  }

  async #send(commands: readonly Command[], deadline: Deadline): Promise<(Reply | Error)[]> {
    const answered: (Reply | Error)[] = [];
    let lastError: unknown;
    for (let attempt = 0; ; attempt++) {
      const { unusable } = this.adapter;
      if (unusable !== undefined)
        throw new ConnectionFailure("not connected", unusable, { cause: lastError });
      let refused: (Reply | Error)[] | undefined;
      try {
        const sent = this.adapter.send(commands.slice(answered.length), deadline.signal);
        const replies = await deadline.within(sent);
        if (replies) {
          const first = replies.findIndex(isTransient);
          if (first === -1) return [...answered, ...replies];
          answered.push(...replies.slice(0, first));
          refused = replies.slice(first);
          lastError = refused[0];
        }
      } catch (error) {
        if (isPermanent(error)) throw error;
        if (!deadline.isOver) lastError = error;
      }
      if (await deadline.pause(attempt)) continue;
      if (refused) return [...answered, ...refused];
      throw this.#timeoutError(lastError);
    }
  }

  #timeoutError(lastError: unknown): Error {
    this.adapter.reconnect?.();
    const cause = this.adapter.lastError ?? lastError;
    const why = cause instanceof Error && cause.message !== "" ? ` (${cause.message})` : "";
    return new ConnectionFailure("timeout", `no answer within ${this.milliseconds} ms${why}`, { cause });
  }
}

function isTransient(reply: Reply | Error): boolean {
  return reply instanceof Error && TRANSIENT_ERRORS.test(reply.message);
}

/** Failures that another attempt cannot change: our own, and that of a client whose owner asked for no retries. */
function isPermanent(error: unknown): boolean {
  return error instanceof LangGraphRedisError || isOfflineRefusal(error);
}

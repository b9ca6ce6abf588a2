import { LangGraphRedisError } from "../errors.js";
import type { Command, Connection, Reply } from "./connection.js";
import { Patience } from "./patience.js";
import type { Transport } from "./transport.js";

/** Redis did not answer in time. `cause` is what was seen to go wrong, if anything was. */
export class NoAnswerError extends Error {
  override name = "NoAnswerError";
}

/** The client is not connected, or no longer. Waiting does not help. */
export class NotConnectedError extends Error {
  override name = "NotConnectedError";
}

/**
 * Refusals that pass by themselves, and by which nothing was done: the server loads its data, is busy with a script,
 * or has lost its master; the cluster has a part without a master, or is moving the keys of this slot.
 */
const PASSING = /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)\b/;

/**
 * Sends pipelines until they are answered, for a bounded time.
 *
 * When the connection breaks, nobody knows which commands have run. All that this package sends is idempotent, so
 * that everything from the first unanswered pipeline on is simply sent again; a server that restarts within the time
 * is then not noticed but for the wait.
 */
export class PatientConnection implements Connection {
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  constructor(
    private readonly transport: Transport,
    private readonly milliseconds: number,
  ) {}

  pipeline(commands: readonly Command[]): Promise<(Reply | Error)[]> {
    if (this.#closed)
      return Promise.reject(new NotConnectedError("its connection was closed by end() or stop()"));
    if (commands.length === 0) return Promise.resolve([]);
    const patience = new Patience(this.milliseconds);
    const work = this.#send(commands, patience).finally(() => {
      patience.end();
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

  async #send(commands: readonly Command[], patience: Patience): Promise<(Reply | Error)[]> {
    const answered: (Reply | Error)[] = [];
    let trouble: unknown;
    for (let attempt = 0; ; attempt++) {
      const { unusable } = this.transport;
      if (unusable !== undefined) throw new NotConnectedError(unusable, { cause: trouble });
      let refused: (Reply | Error)[] | undefined;
      try {
        const sent = this.transport.send(commands.slice(answered.length), patience.signal);
        const replies = await patience.within(sent);
        if (replies) {
          const first = replies.findIndex(isPassing);
          if (first === -1) return [...answered, ...replies];
          answered.push(...replies.slice(0, first));
          refused = replies.slice(first);
          trouble = refused[0];
        }
      } catch (error) {
        if (isFinal(error)) throw error;
        if (!patience.isOver) trouble = error;
      }
      if (await patience.pause(attempt)) continue;
      if (refused) return [...answered, ...refused];
      throw this.#noAnswer(trouble);
    }
  }

  #noAnswer(trouble: unknown): Error {
    this.transport.revive?.();
    const cause = this.transport.trouble ?? trouble;
    const why = cause instanceof Error && cause.message !== "" ? ` (${cause.message})` : "";
    return new NoAnswerError(`no answer within ${this.milliseconds} ms${why}`, { cause });
  }
}

function isPassing(reply: Reply | Error): boolean {
  return reply instanceof Error && PASSING.test(reply.message);
}

/** Failures that another attempt cannot change: our own, and that of a client whose owner asked for no patience. */
function isFinal(error: unknown): boolean {
  if (error instanceof LangGraphRedisError) return true;
  return error instanceof Error && error.constructor.name === "ClientOfflineError";
}

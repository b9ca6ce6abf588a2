import { describe, repeatable } from "../describe.js";
import { LangGraphRedisError } from "../errors.js";
import { abortReason, onAbort } from "./abort-signal.js";
import type { ClientAdapter } from "./client-adapter.js";
import { clientMessage } from "./client-message.js";
import { isOfflineRefusal } from "./clients/error-reply.js";
import type { Command, Connection, Reply, ServerAddress } from "./command.js";
import { ConnectionFailure, closedFailure } from "./connection-failure.js";
import { atMost } from "./deadline.js";
import { currentMeter } from "./meter.js";
import { isTransient, PendingPipeline } from "./pending-pipeline.js";
import { StallDetector } from "./stall-detector.js";

/**
 * Sends pipelines until they are answered, for as long as the server gives answers at all.
 *
 * When the connection breaks, nobody knows which commands have run. All that this package sends is idempotent, so
 * that everything from the first unanswered pipeline on is simply sent again; a server that restarts within the time
 * is then not noticed but for the wait.
 */
export class RetryingConnection implements Connection {
  readonly #stalls: StallDetector;
  #underWay = 0;
  #closed = false;
  #onIdle: () => void = () => {};

  constructor(
    private readonly adapter: ClientAdapter,
    private readonly timeout: number,
  ) {
    this.#stalls = new StallDetector(timeout);
  }

  get isCluster(): boolean {
    return this.adapter.isCluster ?? false;
  }

  get server(): ServerAddress | undefined {
    return this.adapter.server;
  }

  pipeline(commands: readonly Command[], signal?: AbortSignal): Promise<(Reply | Error)[]> {
    if (this.#closed) return Promise.reject(closedFailure());
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    if (commands.length === 0) return Promise.resolve([]);
    const unsendable = unsendableArgument(commands);
    if (unsendable) return Promise.reject(unsendable);
    return this.#send(commands, signal);
  }

  /**
   * Takes no more pipelines, and waits until those under way have been answered or have failed.
   *
   * @param limit milliseconds after which it waits no longer where pipelines have no time-out.
   */
  async close(limit: number): Promise<void> {
    this.#closed = true;
    if (this.#underWay === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    await (Number.isFinite(this.timeout) ? idle : atMost(limit, idle));
  }

  async #send(commands: readonly Command[], signal: AbortSignal | undefined): Promise<(Reply | Error)[]> {
    const pending = new PendingPipeline(this.adapter, currentMeter());
    const stopListening = signal && onAbort(signal, () => pending.cancel(abortReason(signal)));
    this.#stalls.watch(pending);
    this.#underWay++;
    try {
      return await this.#sendUntilAnswered(commands, pending);
    } finally {
      this.#stalls.unwatch(pending);
      stopListening?.();
      if (--this.#underWay === 0) this.#onIdle();
    }
  }

  async #sendUntilAnswered(
    commands: readonly Command[],
    pending: PendingPipeline,
  ): Promise<(Reply | Error)[]> {
    const answered: (Reply | Error)[] = [];
    let lastError: unknown;
    for (let attempt = 0; ; attempt++) {
      const { unusable } = this.adapter;
      if (unusable !== undefined)
        throw new ConnectionFailure("not connected", unusable, { cause: lastError });
      let refused: (Reply | Error)[] | undefined;
      try {
        const rest = attempt === 0 ? commands : commands.slice(answered.length);
        pending.begin(rest);
        const replies = await pending.within(this.adapter.send(rest, pending));
        if (replies) {
          const first = replies.findIndex(isTransient);
          if (first === -1) return answered.length === 0 ? replies : [...answered, ...replies];
          answered.push(...replies.slice(0, first));
          refused = replies.slice(first);
          lastError = refused[0];
        }
      } catch (error) {
        if (error instanceof LangGraphRedisError) throw error;
        if (isOfflineRefusal(error)) {
          throw new ConnectionFailure("not connected", error.message, { cause: error });
        }
        if (!pending.isOver) lastError = error;
      }
      pending.failed();
      if (await pending.pause(attempt)) continue;
      pending.throwIfCancelled();
      if (refused) return [...answered, ...refused];
      throw this.#timeoutError(lastError);
    }
  }

  #timeoutError(lastError: unknown): Error {
    this.adapter.reconnect?.();
    const cause = this.adapter.lastError ?? lastError;
    const why = cause === undefined ? "" : ` (${clientMessage(cause)})`;
    return new ConnectionFailure("timeout", `no answer within ${this.timeout} ms${why}`, { cause });
  }
}

/**
 * What no client can send, however often it is tried. Clients refuse it by an error that looks like any other failure of
 * theirs, or send something else in its place.
 */
function unsendableArgument(commands: readonly Command[]): TypeError | undefined {
  for (const { args } of commands) {
    const at = args.findIndex(isUnsendable);
    if (at === -1) continue;
    const what = `argument ${at} of the command ${String(args[0])} must be a string or a Buffer, got ${describe(args[at])}`;
    return repeatable(new TypeError(what));
  }
  return undefined;
}

function isUnsendable(arg: unknown): boolean {
  return typeof arg !== "string" && !Buffer.isBuffer(arg);
}

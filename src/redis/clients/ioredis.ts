import { describe } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import type { CancelSignal } from "../cancellation.js";
import type { ClientAdapter, Transmission } from "../client-adapter.js";
import type { Command, Reply, ServerAddress } from "../command.js";
import { refuseKeyPrefix } from "../key-prefix.js";
import { type Lane, laneOf } from "../lane.js";
import { slotOf } from "../slot.js";
import { isErrorReply } from "./error-reply.js";
import { addressIn } from "./single.js";

/** The part of ioredis' `Redis` and `Cluster` that is used. */
export interface Ioredis {
  readonly status: string;
  readonly options: object;
  readonly isCluster?: boolean;
  /** Of a cluster: for each slot its nodes, the master first. */
  readonly slots?: readonly (readonly string[] | undefined)[];
  pipeline(): IoredisPipeline;
  once(event: "ready" | "end", listener: () => void): unknown;
  removeListener(event: "ready" | "end", listener: () => void): unknown;
}

/** The part of a pipeline of ioredis that is used. */
export interface IoredisPipeline {
  callBuffer(command: string, args: (string | Buffer)[], listener: AnswerListener): unknown;
  exec(): Promise<[error: Error | null, reply: unknown][] | null>;
}

type AnswerListener = (error: Error | null | undefined, reply: unknown) => void;

const UNUSABLE: Record<string, string> = {
  wait: "the client is not connected. Call `await redis.connect()` before using it",
  end: "the client is closed",
};

/**
 * Sends through pipelines of ioredis, which finds the keys in each command itself, and so the node of a cluster. There,
 * a pipeline is for one slot only, so each command has its own: they leave without waiting for each other.
 */
export class IoredisAdapter implements ClientAdapter {
  /** Fulfilled when the client has a connection again, or will have none any more. */
  #settled: Promise<void> | undefined;

  constructor(private readonly redis: Ioredis) {
    if (typeof redis?.pipeline !== "function" || typeof redis.status !== "string") {
      throw new InvalidInputError(`fromIoredis needs a Redis or Cluster of ioredis, got ${describe(redis)}.`);
    }
    const { keyPrefix, redisOptions } = redis.options as {
      keyPrefix?: unknown;
      redisOptions?: { keyPrefix?: unknown };
    };
    refuseKeyPrefix(keyPrefix || redisOptions?.keyPrefix);
  }

  get isCluster(): boolean {
    return this.redis.isCluster ?? false;
  }

  get unusable(): string | undefined {
    return UNUSABLE[this.redis.status];
  }

  get server(): ServerAddress | undefined {
    const { sentinels } = this.redis.options as { sentinels?: unknown };
    return this.redis.isCluster || sentinels ? undefined : addressIn(this.redis.options);
  }

  laneOf({ key }: Command): Lane {
    return laneOf(this.redis, this.redis.isCluster ? this.redis.slots?.[slotOf(key)]?.[0] : undefined);
  }

  async send(commands: readonly Command[], transmission: Transmission): Promise<(Reply | Error)[]> {
    transmission.signal.throwIfAborted();
    while (this.#isBetweenConnections()) await this.#connection(transmission.signal);
    const sent = this.redis.isCluster
      ? commands.map((command, index) => this.sendTogether([command], index, transmission))
      : [this.sendTogether(commands, 0, transmission)];
    const results = (await Promise.all(sent)).flat();
    const failure = results.find(([error]) => error && !isErrorReply(error));
    if (failure) throw failure[0];
    return results.map(([error, reply]) => error ?? plain(reply));
  }

  /**
   * What ioredis queues while it has no connection cannot be taken back: it is carried out later, whether or not anybody
   * still waits. So it is queued here. A client that is to queue nothing refuses it at once.
   */
  #isBetweenConnections(): boolean {
    const { status, options } = this.redis;
    const queues = (options as { enableOfflineQueue?: boolean }).enableOfflineQueue !== false;
    return queues && status !== "ready" && UNUSABLE[status] === undefined;
  }

  async #connection(signal: CancelSignal): Promise<void> {
    // One listener for all that wait, since Node warns of a leak at eleven.
    this.#settled ??= new Promise<void>((resolve) => {
      const settle = () => {
        this.#settled = undefined;
        this.redis.removeListener("ready", settle);
        this.redis.removeListener("end", settle);
        resolve();
      };
      this.redis.once("ready", settle);
      this.redis.once("end", settle);
    });
    let stopWaiting: () => void = () => {};
    const aborted = new Promise<void>((resolve) => {
      stopWaiting = resolve;
    });
    signal.addEventListener("abort", stopWaiting);
    await Promise.race([this.#settled, aborted]);
    signal.removeEventListener("abort", stopWaiting);
    signal.throwIfAborted();
    const { unusable } = this;
    if (unusable !== undefined) throw new Error(unusable);
  }

  /** @param first the index of the first command in the transmission. */
  private async sendTogether(
    commands: readonly Command[],
    first: number,
    transmission: Transmission,
  ): Promise<[Error | null, unknown][]> {
    const pipeline = this.redis.pipeline();
    commands.forEach(({ args: [name, ...rest] }, index) => {
      pipeline.callBuffer(String(name), rest, (error, reply) => {
        if (error && !isErrorReply(error)) return;
        if (error && /^(MOVED|ASK) /.test(error.message)) return; // ioredis asks the other node now
        transmission.answered(first + index, error ?? (reply as Reply));
      });
    });
    try {
      const results = await pipeline.exec();
      if (results?.length === commands.length) return results;
      throw new Error("ioredis answered another number of commands than it was given");
    } catch (error) {
      // What a cluster would answer, ioredis says itself.
      if (!/to the same slot/.test(String(error))) throw error;
      return [[null, new Error("CROSSSLOT Keys in request don't hash to the same slot", { cause: error })]];
    }
  }
}

/** Bulk strings come as bytes. What comes as text is a number, of a client with the option `stringNumbers`. */
function plain(reply: unknown): Reply {
  if (Array.isArray(reply)) return reply.map(plain);
  if (typeof reply === "string") return Number(reply);
  // A map, of a client with the option `replyMapping: "resp3"`.
  if (typeof reply === "object" && reply !== null && !Buffer.isBuffer(reply) && !(reply instanceof Error)) {
    return Object.entries(reply).flatMap(([key, value]) => [Buffer.from(key), plain(value)]);
  }
  return reply as Reply;
}

import type { ClientAdapter, Transmission } from "../client-adapter.js";
import type { Command, Reply } from "../command.js";
import { type Lane, laneOf } from "../lane.js";
import { isErrorReply } from "./error-reply.js";
import { type NodeRedisClient, sendPipelined, unusableClient } from "./single.js";

/** The part of a client of node-redis' `createSentinel` that is used. */
export interface NodeRedisSentinel {
  readonly isOpen: boolean;
  getMasterNode(): unknown;
  sendCommand(...args: never[]): Promise<unknown>;
  /** Runs the work on a connection to the master, again when there is a new one; shared with what runs already. */
  _execute<T>(
    isReadonly: boolean | undefined,
    work: (master: Pick<NodeRedisClient, "sendCommand">) => Promise<T>,
  ): Promise<T>;
}

/** Sends a pipeline over one connection to the group's master, whoever that is. */
export class SentinelAdapter implements ClientAdapter {
  /** Fulfilled when the pipeline before has its connection. */
  #entered: Promise<void> = Promise.resolve();

  constructor(private readonly sentinel: NodeRedisSentinel) {}

  get unusable(): string | undefined {
    return unusableClient(this.sentinel.isOpen);
  }

  laneOf(): Lane {
    return laneOf(this.sentinel);
  }

  async send(commands: readonly Command[], transmission: Transmission): Promise<(Reply | Error)[]> {
    const before = this.#entered;
    let enter: () => void = () => {};
    this.#entered = new Promise((resolve) => {
      enter = resolve;
    });
    // One that gives up lets the others in, also when it never got a connection.
    transmission.signal.addEventListener("abort", enter);
    // Asked for a connection twice at once, node-redis makes the second wait until the first is done with it. Asked
    // one after the other, it shares the connection.
    try {
      await before;
      transmission.signal.throwIfAborted();
      return await this.sentinel._execute(false, async (master) => {
        enter();
        transmission.signal.throwIfAborted();
        const replies = await sendPipelined(master, commands, transmission);
        // Thrown, so that node-redis looks for the new master.
        const demoted = replies.find(
          (reply) => reply instanceof Error && reply.message.startsWith("READONLY"),
        );
        if (demoted) throw demoted;
        return replies;
      });
    } catch (error) {
      // No new master was found: then it is the answer to each of them.
      if (isErrorReply(error)) return commands.map(() => error);
      throw error;
    } finally {
      enter();
      transmission.signal.removeEventListener("abort", enter);
    }
  }
}

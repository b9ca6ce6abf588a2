// The default export, since bundlers turn a namespace into named imports, which fail where Node lacks one.
import asyncHooks from "node:async_hooks";
import type { Command, Reply } from "./command.js";
import { commandLength, replyLength } from "./resp-length.js";

/** Counts what one operation sends and receives. */
export class Meter {
  roundTrips = 0;
  bytesSent = 0;
  bytesReceived = 0;
  retries = 0;
  /** Whether it was told anything since it last sent something. */
  #answered = true;

  /** @param again whether an attempt before this one has failed. */
  sent(commands: readonly Command[], again: boolean): void {
    if (again) this.retries++;
    if (again || this.#answered) this.roundTrips++;
    this.#answered = false;
    for (const command of commands) this.bytesSent += commandLength(command);
  }

  received(reply: Reply | Error): void {
    this.#answered = true;
    this.bytesReceived += replyLength(reply);
  }
}

const METERS = new asyncHooks.AsyncLocalStorage<Meter>();
let metered = false;

/** Runs something whose commands, and those of all that it awaits, are counted. */
export function withMeter<T>(meter: Meter, work: () => T): T {
  metered = true;
  return METERS.run(meter, work);
}

/** The meter of the operation that this is part of, if somebody listens. */
export function currentMeter(): Meter | undefined {
  return metered ? METERS.getStore() : undefined;
}

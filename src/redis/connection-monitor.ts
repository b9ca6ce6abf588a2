// The default export, since bundlers turn a namespace into named imports, which fail where Node lacks one.
import asyncHooks from "node:async_hooks";
import { describe } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { cleaned } from "./client-message.js";
import type { ServerAddress } from "./command.js";
import type { ConnectionEvent, ConnectionEventListener } from "./options.js";

/** The connection of a client that has only one, or one at a time. */
export const ONLY = "";

interface State {
  isReady: boolean;
  /** Attempts to connect since it was lost. */
  attempts: number;
  cause: Error | undefined;
  server: ServerAddress | undefined;
}

/**
 * Makes of what clients tell of their connections the events that users get: each loss, attempt and recovery once,
 * whatever the kind of client. A connection goes by a name, which for a node of a cluster is its address.
 */
export class ConnectionMonitor {
  readonly #states = new Map<string, State>();
  /** Listeners are called as if from where the connection was opened, not from within some operation. */
  readonly #scope = new asyncHooks.AsyncResource("LangGraphRedisConnectionEvent");
  /** Until it is open, what goes wrong is for whoever opens it. */
  #phase: "opening" | "open" | "closed" = "opening";

  /** @param secrets what must not appear in causes. */
  constructor(
    private readonly listener: ConnectionEventListener | undefined,
    private readonly secrets: readonly string[],
  ) {
    if (listener === undefined || typeof listener === "function") return;
    throw new InvalidInputError(`onConnectionEvent must be a function, got ${describe(listener)}.`);
  }

  opened(): void {
    if (this.#phase === "opening") this.#phase = "open";
  }

  /** From now on nothing is told. */
  close(): void {
    this.#phase = "closed";
  }

  /** Something went wrong. It is told when the connection was there, and else remembered as the cause of the next attempt. */
  failed(cause: Error, server?: ServerAddress, name = ONLY): void {
    if (this.#phase !== "open") return;
    const known = this.#states.get(name);
    const state = { isReady: false, attempts: known?.attempts ?? 0, cause, server: server ?? known?.server };
    this.#states.set(name, state);
    if (known?.isReady !== false) this.#tell("lost", state);
  }

  /** It is made to another server from now on. */
  movedTo(server: ServerAddress): void {
    const known = this.#states.get(ONLY);
    this.#states.set(ONLY, { isReady: false, attempts: 0, cause: undefined, ...known, server });
  }

  reconnecting(name = ONLY): void {
    const state = this.#states.get(name);
    if (!state || state.isReady) return;
    state.attempts++;
    this.#tell("reconnecting", state);
  }

  ready(server?: ServerAddress, name = ONLY): void {
    const known = this.#states.get(name);
    if (known?.isReady) return;
    const state = { isReady: true, attempts: 0, cause: undefined, server: server ?? known?.server };
    this.#states.set(name, state);
    this.#tell("ready", state);
  }

  /** Redis has answered: what was lost without a sign, or whose client does not tell, is there again. */
  answered(): void {
    if (this.#states.get(ONLY)?.isReady === false) this.ready();
  }

  #tell(type: ConnectionEvent["type"], { cause, server, attempts }: State): void {
    const { listener } = this;
    if (this.#phase === "closed" || !listener) return;
    const event: ConnectionEvent = {
      type,
      at: new Date(),
      ...(server && { server }),
      ...(cause && { cause: cleaned(cause, this.secrets) }),
      ...(type === "reconnecting" && { attempt: attempts }),
    };
    // A listener that fails must neither break the client whose event this is nor end the process.
    this.#scope.runInAsyncScope(() => {
      try {
        Promise.resolve(listener(event)).catch(warn);
      } catch (error) {
        warn(error);
      }
    });
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : "onConnectionEvent failed");
}

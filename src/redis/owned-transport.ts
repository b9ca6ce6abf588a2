import type { Command, Reply } from "./connection.js";
import { failed } from "./operation.js";
import { Patience } from "./patience.js";
import type { Transport } from "./transport.js";

/** A client of ours, of whatever kind. */
export interface Opened {
  readonly transport: Transport;
  connect(): Promise<void>;
  /** Whether it looks connected, so that nothing but a new one helps when it does not answer. */
  mayBeDead(): boolean;
  destroy(): void;
}

export interface Opening {
  /** Names the server in messages. */
  readonly where: string;
  /** What must not appear in messages. */
  readonly secrets: readonly string[];
  /** Milliseconds that connecting may take, and after which a client is replaced that does not answer. */
  readonly timeout: number;
  /** Creates a client, which reports what goes wrong with its connection, and nothing when it is well. */
  create(report: (trouble: Error | undefined) => void): Promise<Opened>;
}

/** A client that is ours, and that is replaced when its connection is dead without knowing it. */
export class OwnedTransport implements Transport {
  #trouble: Error | undefined;
  #destroyed = false;
  #reviving = false;
  #revivedAt = Number.NEGATIVE_INFINITY;

  private constructor(
    private readonly opening: Opening,
    private opened: Opened,
  ) {}

  /** @throws {OperationError} when there is no connection within the time. */
  static async open(opening: Opening): Promise<OwnedTransport> {
    let self: OwnedTransport | undefined;
    let trouble: Error | undefined;
    const opened = await connected(opening, (reported) => {
      if (self) self.#trouble = reported;
      else trouble = reported;
    });
    self = new OwnedTransport(opening, opened);
    self.#trouble = trouble;
    return self;
  }

  /** It connects by itself, again and again. */
  readonly unusable = undefined;

  get trouble(): Error | undefined {
    return this.#trouble && withoutSecrets(this.#trouble, this.opening.secrets);
  }

  send(commands: readonly Command[], signal: AbortSignal): Promise<(Reply | Error)[]> {
    return this.opened.transport.send(commands, signal);
  }

  /**
   * Connects anew, and gives up the old connection once that succeeded. What waits there is sent again. Not more often
   * than commands time out, so that a server that is merely slow is not flooded.
   */
  revive(): void {
    const now = performance.now();
    if (this.#destroyed || this.#reviving || now - this.#revivedAt < this.opening.timeout) return;
    if (!this.opened.mayBeDead()) return;
    this.#reviving = true;
    this.#revivedAt = now;
    connected(this.opening, (reported) => {
      this.#trouble = reported;
    })
      .then(
        (fresh) => {
          const superfluous = this.#destroyed ? fresh : this.opened;
          if (!this.#destroyed) this.opened = fresh;
          superfluous.destroy();
        },
        () => {}, // the old one goes on trying
      )
      .finally(() => {
        this.#reviving = false;
      });
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.opened.destroy();
  }
}

async function connected(opening: Opening, report: (trouble: Error | undefined) => void): Promise<Opened> {
  const { where, secrets, timeout } = opening;
  let trouble: Error | undefined;
  const opened = await opening.create((reported) => {
    trouble = reported;
    report(reported);
  });
  const patience = new Patience(timeout);
  try {
    const done = await patience.within(opened.connect().then(() => true));
    if (!done) throw new Error(`no connection within ${timeout} ms`);
    return opened;
  } catch (error) {
    opened.destroy();
    throw failed(
      { operation: "connecting", to: where },
      withoutSecrets(withTrouble(error, trouble), secrets),
    );
  } finally {
    patience.end();
  }
}

/** A client that looked in several places says that it found nothing; why not, it has said before. */
function withTrouble(error: unknown, trouble: Error | undefined): Error {
  const { message } = error as Error;
  if (!trouble || message.includes(trouble.message)) return error as Error;
  return new Error(`${message} (${trouble.message})`, { cause: error });
}

/** Servers quote the commands that they do not understand, and the first one holds the password. */
function withoutSecrets(error: Error, secrets: readonly string[]): Error {
  if (!secrets.some((secret) => error.message.includes(secret))) return error;
  const message = secrets.reduce((text, secret) => text.replaceAll(secret, "***"), error.message);
  return Object.assign(new Error(message), { name: error.name });
}

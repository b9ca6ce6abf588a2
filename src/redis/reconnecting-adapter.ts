import type { ClientAdapter, Transmission } from "./client-adapter.js";
import { cleaned, clientMessage, withoutSecrets } from "./client-message.js";
import type { Command, Reply, ServerAddress } from "./command.js";
import { ConnectionFailure } from "./connection-failure.js";
import type { ConnectionMonitor } from "./connection-monitor.js";
import { atMost } from "./deadline.js";
import type { Lane } from "./lane.js";
import { toOperationError } from "./operation-error.js";
import { finiteTimeout } from "./options.js";

/** A client of ours, of whatever kind. */
export interface ManagedClient {
  readonly adapter: ClientAdapter;
  connect(): Promise<void>;
  /** Whether it looks connected, so that nothing but a new one helps when it does not answer. */
  mayBeDead(): boolean;
  destroy(): void;
}

export interface ManagedClientFactory {
  /** Names the server in messages. */
  readonly where: string;
  /** What must not appear in messages. */
  readonly secrets: readonly string[];
  /** Milliseconds that connecting may take, and after which a client is replaced that does not answer. */
  readonly timeout: number;
  /** Told what becomes of the connections; the client tells it, too. */
  readonly monitor?: ConnectionMonitor;
  /** Creates a client, which reports what goes wrong with its connection, and nothing when it is well. */
  create(report: (lastError: Error | undefined) => void): Promise<ManagedClient>;
}

/** A client that is ours, and that is replaced when its connection is dead without knowing it. */
export class ReconnectingAdapter implements ClientAdapter {
  #lastError: Error | undefined;
  #destroyed = false;
  #reconnecting = false;
  #reconnectedAt = Number.NEGATIVE_INFINITY;

  private constructor(
    private readonly factory: ManagedClientFactory,
    private client: ManagedClient,
  ) {}

  /** @throws {OperationError} when there is no connection within the time. */
  static async open(factory: ManagedClientFactory): Promise<ReconnectingAdapter> {
    let self: ReconnectingAdapter | undefined;
    let lastError: Error | undefined;
    const client = await connectClient(factory, (reported) => {
      if (self) self.#lastError = reported;
      else lastError = reported;
    });
    self = new ReconnectingAdapter(factory, client);
    self.#lastError = lastError;
    factory.monitor?.opened();
    return self;
  }

  /** It connects by itself, again and again, until it is destroyed. */
  get unusable(): string | undefined {
    return this.#destroyed ? "its connection was closed by end() or stop()" : undefined;
  }

  get lastError(): Error | undefined {
    return this.#lastError && cleaned(this.#lastError, this.factory.secrets);
  }

  get isCluster(): boolean {
    return this.client.adapter.isCluster ?? false;
  }

  get server(): ServerAddress | undefined {
    return this.client.adapter.server;
  }

  laneOf(command: Command): Lane {
    return this.client.adapter.laneOf(command);
  }

  async send(commands: readonly Command[], transmission: Transmission): Promise<(Reply | Error)[]> {
    try {
      const replies = await this.client.adapter.send(commands, transmission);
      // Of a cluster, others than the lost nodes answer.
      if (!this.isCluster) this.factory.monitor?.answered();
      return replies;
    } catch (error) {
      throw error instanceof Error ? cleaned(error, this.factory.secrets) : error;
    }
  }

  /**
   * Connects anew, and gives up the old connection once that succeeded. What waits there is sent again. Not more often
   * than commands time out, so that a server that is merely slow is not flooded.
   */
  reconnect(): void {
    const now = performance.now();
    if (this.#destroyed || this.#reconnecting || now - this.#reconnectedAt < this.factory.timeout) return;
    if (!this.client.mayBeDead()) return;
    this.#reconnecting = true;
    this.#reconnectedAt = now;
    const { monitor } = this.factory;
    monitor?.failed(new Error("the server gives no answers"), this.server);
    monitor?.reconnecting();
    connectClient(this.factory, (reported) => {
      this.#lastError = reported;
    })
      .then(
        (fresh) => {
          const superfluous = this.#destroyed ? fresh : this.client;
          if (!this.#destroyed) this.client = fresh;
          superfluous.destroy();
          monitor?.ready();
        },
        () => {}, // the old one goes on trying
      )
      .finally(() => {
        this.#reconnecting = false;
      });
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.factory.monitor?.close();
    this.client.destroy();
  }
}

async function connectClient(
  factory: ManagedClientFactory,
  report: (lastError: Error | undefined) => void,
): Promise<ManagedClient> {
  const { where, secrets } = factory;
  const timeout = finiteTimeout(factory.timeout);
  let lastError: Error | undefined;
  const client = await factory.create((reported) => {
    lastError = reported;
    report(reported);
  });
  try {
    const done = await atMost(
      timeout,
      client.connect().then(() => true),
    );
    if (!done) throw new Error(`no connection within ${timeout} ms`);
    return client;
  } catch (error) {
    client.destroy();
    throw toOperationError({ operation: "connecting", to: where }, failureOf(error, lastError, secrets));
  }
}

/** A client that looked in several places says that it found nothing; why not, it has said before. */
function failureOf(
  error: unknown,
  lastError: Error | undefined,
  secrets: readonly string[],
): ConnectionFailure {
  const found = [error, lastError].filter((each) => each !== undefined).map(clientMessage);
  const [what = "", why = ""] = found.map((message) => withoutSecrets(message, secrets));
  const cause = cleaned(lastError ?? (error as Error), secrets);
  return new ConnectionFailure("not connected", what.includes(why) ? what : `${what} (${why})`, { cause });
}

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { RequestParser } from "./request-parser.js";

/**
 * How long replies are held back after the client's last byte. Commands that a client sends together have then all
 * arrived before it learns any answer, so whatever it sends later is a new round trip, however TCP split the rest.
 */
const HOLD_MS = 3;

type Way = "request" | "reply";

/** A TCP proxy on loopback in front of a Redis: counts what goes through, and breaks it on demand. */
export class TcpProxy {
  /** The Redis behind, by way of this proxy. */
  readonly url: string;
  /** Times a client sent something after it had been answered: the waits for the network, pipelines being one. */
  roundTrips = 0;
  /** Names of the commands sent, in order and in upper case. */
  commands: string[] = [];
  requestBytes = 0;
  replyBytes = 0;
  /** Connections accepted. */
  connections = 0;
  /** Added to every chunk, in each direction. */
  latencyMs = 0;
  /** New connections are closed at once while true. */
  refuse = false;

  readonly #links = new Set<Link>();
  readonly #cutAfter: Record<Way, number> = {
    request: Number.POSITIVE_INFINITY,
    reply: Number.POSITIVE_INFINITY,
  };
  #stalled = false;

  constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {
    const own = new URL(target);
    own.hostname = "127.0.0.1";
    own.port = String((server.address() as AddressInfo).port);
    this.url = own.href.replace(/\/$/, "");
    server.on("connection", (client) => this.#accept(client));
  }

  /** Sets all counters to zero; what a client sends next is a new round trip. */
  reset(): void {
    this.roundTrips = this.requestBytes = this.replyBytes = this.connections = 0;
    this.commands = [];
    for (const link of this.#links) link.answered = true;
  }

  /** Resets the connection after so many more bytes from clients: the server gets those and no more. Once. */
  cutRequestAfter(bytes: number): void {
    this.#cutAfter.request = bytes;
  }

  /** Resets the connection after so many more bytes of replies: the command ran, the client does not learn it. Once. */
  cutReplyAfter(bytes: number): void {
    this.#cutAfter.reply = bytes;
  }

  /** Lets nothing through, either way, and keeps the connections open. */
  stall(): void {
    this.#stalled = true;
  }

  resume(): void {
    this.#stalled = false;
    for (const link of this.#links) link.pump();
  }

  /** Resets all connections; new ones are welcome. */
  cutAll(): void {
    for (const link of this.#links) link.cut();
  }

  async stop(): Promise<void> {
    this.cutAll();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, "close");
  }

  #accept(client: Socket): void {
    if (this.refuse) {
      client.resetAndDestroy();
      return;
    }
    this.connections++;
    const upstream = connect(Number(this.target.port || 6379), this.target.hostname);
    const link = new Link(client, upstream, {
      latency: () => this.latencyMs,
      stalled: () => this.#stalled,
      roundTrip: () => this.roundTrips++,
      command: (name) => this.commands.push(name),
      take: (way, length) => this.#take(way, length),
    });
    this.#links.add(link);
    link.onEnd(() => this.#links.delete(link));
  }

  #take(way: Way, length: number): Passage {
    const bytes = Math.min(length, this.#cutAfter[way]);
    if (way === "request") this.requestBytes += bytes;
    else this.replyBytes += bytes;
    this.#cutAfter[way] -= bytes;
    const cut = this.#cutAfter[way] === 0;
    if (cut) this.#cutAfter[way] = Number.POSITIVE_INFINITY;
    return { bytes, cut };
  }
}

/** How many bytes of a chunk may pass, and whether the connection is to be cut behind them. */
interface Passage {
  bytes: number;
  cut: boolean;
}

interface Hooks {
  latency(): number;
  stalled(): boolean;
  roundTrip(): void;
  command(name: string): void;
  take(way: Way, length: number): Passage;
}

interface Held {
  chunk: Buffer;
  due: number;
}

/** One client's connection and the one to the server behind it. */
class Link {
  /** Whether the client has been told anything since it last began to send. */
  answered = true;
  readonly #parser = new RequestParser();
  readonly #requests: Held[] = [];
  readonly #replies: Held[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Nothing came from the client for a while: see HOLD_MS. */
  #quiet = true;
  #quietTimer: NodeJS.Timeout | undefined;
  #chunks = 0;
  #cutting = false;

  constructor(
    private readonly client: Socket,
    private readonly upstream: Socket,
    private readonly hooks: Hooks,
  ) {
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on("error", () => undefined); // "close" follows and ends the other side
    }
    client.on("data", (chunk: Buffer) => this.#onRequest(chunk));
    upstream.on("data", (chunk: Buffer) => {
      this.#replies.push({ chunk, due: performance.now() + hooks.latency() });
      this.pump();
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => this.pump()); // which ends the client's side when all replies have been sent on
  }

  onEnd(listener: () => void): void {
    this.client.once("close", () => {
      this.#stopTimers();
      listener();
    });
  }

  cut(): void {
    this.#stopTimers();
    this.client.resetAndDestroy();
    this.upstream.destroy();
  }

  #stopTimers(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#quietTimer);
    this.#chunks++; // what waits for turns of the event loop finds itself outdated
  }

  #onRequest(chunk: Buffer): void {
    if (this.answered && this.#parser.atBoundary) {
      this.answered = false;
      this.hooks.roundTrip();
    }
    this.#parser.push(chunk);
    for (const name of this.#parser.names.splice(0)) this.hooks.command(name);
    this.#holdReplies();
    this.#requests.push({ chunk, due: performance.now() + this.hooks.latency() });
    this.pump();
  }

  #holdReplies(): void {
    clearTimeout(this.#quietTimer);
    this.#quiet = false;
    const since = ++this.#chunks;
    const release = () => {
      if (since !== this.#chunks || !this.#parser.atBoundary) return;
      this.#quiet = true;
      this.pump();
    };
    this.#quietTimer = setTimeout(() => afterTurns(3, release), HOLD_MS);
  }

  /** Sends on what is due, and comes back when more will be. */
  pump(): void {
    clearTimeout(this.#timer);
    if (this.hooks.stalled()) return;
    const now = performance.now();
    while (!this.#cutting && this.#requests[0] && this.#requests[0].due <= now) {
      this.#forward(this.upstream, "request", this.#requests.shift() as Held);
    }
    while (!this.#cutting && this.#quiet && this.#replies[0] && this.#replies[0].due <= now) {
      this.answered = true;
      this.#forward(this.client, "reply", this.#replies.shift() as Held);
    }
    if (this.#cutting) return;
    const next = Math.min(...[this.#requests[0], this.#quiet ? this.#replies[0] : undefined].map(due));
    if (Number.isFinite(next)) this.#timer = setTimeout(() => this.pump(), Math.max(1, next - now));
    else if (this.upstream.destroyed && this.#replies.length === 0) this.client.destroySoon();
  }

  #forward(to: Socket, way: Way, held: Held): void {
    const { bytes, cut } = this.hooks.take(way, held.chunk.length);
    this.#cutting = cut;
    // The bytes before a cut shall arrive: reset only when the system has taken them.
    to.write(held.chunk.subarray(0, bytes), () => cut && this.cut());
  }
}

const due = (held: Held | undefined) => held?.due ?? Number.POSITIVE_INFINITY;

/**
 * Timers run before sockets are read, and clients write from a turn of the event loop to the next: after a busy spell,
 * what the client is about to send is to be seen first. (It then counts as sent now, and replies are held back again.)
 */
function afterTurns(turns: number, action: () => void): void {
  if (turns === 0) action();
  else setImmediate(() => afterTurns(turns - 1, action));
}

/** Starts a proxy in front of the Redis at `url`. Stop it with `stop()`. */
export async function startTcpProxy(url: string): Promise<TcpProxy> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return new TcpProxy(server, new URL(url));
}

import { readFileSync } from "node:fs";
import { createClient, createCluster, createSentinel } from "redis";
import { CommandError, UsageError } from "./errors.js";
import { Secrets } from "./secrets.js";

/** Where to connect to, as the global options say. */
export interface ConnectionOptions {
  url?: string | undefined;
  /** Some nodes of a cluster, by URL. */
  cluster?: readonly string[] | undefined;
  /** `name@host:port,host:port` */
  sentinel?: string | undefined;
  /** Files in PEM format. */
  ca?: string | undefined;
  cert?: string | undefined;
  tlsKey?: string | undefined;
}

/** One Redis server, for commands that are sent as they are. Replies are those of RESP2. */
export interface ServerNode {
  /** `host:port` */
  readonly name: string;
  send(...args: string[]): Promise<unknown>;
}

/** What we are connected to. */
export interface Server {
  readonly kind: "single" | "cluster" | "sentinel";
  /** For people: without user and password. */
  readonly description: string;
  /** The client, for the saver and the store. */
  readonly client: RedisClientOfNode;
  /** The masters. */
  nodes(): Promise<ServerNode[]>;
  /** A text without the passwords that we were given. */
  redact(text: string): string;
  close(): Promise<void>;
}

type Client = ReturnType<typeof createSingle>;
type Cluster = ReturnType<typeof createOfCluster>;
type Sentinel = ReturnType<typeof createOfSentinel>;
export type RedisClientOfNode = Client | Cluster | Sentinel;

export const DEFAULT_URL = "redis://localhost:6379";

/**
 * Connects to the server that the options name.
 *
 * @throws {UsageError} when the options cannot be used; {@link CommandError} when the server cannot be reached.
 */
export async function connect(options: ConnectionOptions, env: NodeJS.ProcessEnv): Promise<Server> {
  const given = [options.url, options.cluster, options.sentinel].filter((each) => each !== undefined);
  if (given.length > 1) throw new UsageError("give one of --url, --cluster and --sentinel.");
  const tls = readTls(options);
  if (options.cluster) return connectCluster(options.cluster, tls);
  if (options.sentinel !== undefined) return connectSentinel(options.sentinel, tls, env);
  return connectUrl(options.url ?? (env.REDIS_URL || DEFAULT_URL), tls);
}

type Tls = { ca?: Buffer; cert?: Buffer; key?: Buffer } | undefined;

function readTls({ ca, cert, tlsKey }: ConnectionOptions): Tls {
  if (ca === undefined && cert === undefined && tlsKey === undefined) return undefined;
  const read = (option: string, path: string | undefined) => {
    if (path === undefined) return undefined;
    try {
      return readFileSync(path);
    } catch (cause) {
      throw new UsageError(`${option}: ${path} cannot be read (${(cause as NodeJS.ErrnoException).code}).`);
    }
  };
  const files = { ca: read("--ca", ca), cert: read("--cert", cert), key: read("--tls-key", tlsKey) };
  return Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined));
}

async function connectUrl(text: string, tls: Tls): Promise<Server> {
  const url = parseUrl(text, "--url");
  const secrets = new Secrets([url]);
  let isOpened = false;
  // What cannot be reached at the beginning is an error; a connection that breaks later is opened again.
  const client = createSingle(
    url,
    socketOf(url.protocol === "rediss:", tls, () => isOpened),
  );
  await opened(client, url.host, secrets);
  isOpened = true;
  const node = (): ServerNode => ({ name: url.host, send: (...args) => client.sendCommand(args) });
  return {
    kind: "single",
    description: `${url.protocol}//${url.host}${url.pathname === "/" ? "" : url.pathname}`,
    client,
    nodes: async () => [node()],
    redact: (message) => secrets.redact(message),
    close: () => closed(client),
  };
}

async function connectCluster(nodes: readonly string[], tls: Tls): Promise<Server> {
  const urls = nodes.map((node) => parseUrl(node, "--cluster"));
  const [first] = urls;
  if (first === undefined) throw new UsageError("--cluster needs the URL of a node.");
  const secrets = new Secrets(urls);
  const cluster = createOfCluster(urls, first, socketOf(first.protocol === "rediss:", tls));
  const hosts = urls.map(({ host }) => host).join(", ");
  await opened(cluster, `the cluster at ${hosts}`, secrets);
  return {
    kind: "cluster",
    description: `cluster at ${hosts}`,
    client: cluster,
    nodes: async () =>
      Promise.all(
        cluster.masters.map(async (master) => {
          const client = await cluster.nodeClient(master);
          const send = (...args: string[]) => client.sendCommand(args);
          return { name: `${master.host}:${master.port}`, send };
        }),
      ),
    redact: (message) => secrets.redact(message),
    close: () => closed(cluster),
  };
}

async function connectSentinel(text: string, tls: Tls, env: NodeJS.ProcessEnv): Promise<Server> {
  const [, name, list = ""] = /^([^@]+)@(.+)$/.exec(text) ?? [];
  const roots = list.split(",").map((entry) => /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry.trim()));
  if (name === undefined || roots.some((root) => root === null)) {
    throw new UsageError(
      "--sentinel must be name@host:port,host:port.",
      "Example: --sentinel mymaster@10.0.0.1:26379",
    );
  }
  const sentinelRootNodes = roots.map((root) => ({ host: root?.[1] ?? "", port: Number(root?.[2]) }));
  const { REDIS_PASSWORD, SENTINEL_PASSWORD } = env;
  const secrets = new Secrets([], [REDIS_PASSWORD, SENTINEL_PASSWORD]);
  const sentinel = createOfSentinel(name, sentinelRootNodes, socketOf(tls !== undefined, tls), env);
  await opened(sentinel, `the master of ${name}`, secrets);
  const send = (...args: string[]) => sentinel.use((client) => client.sendCommand(false, args));
  return {
    kind: "sentinel",
    description: `master of ${name}`,
    client: sentinel,
    nodes: async () => [{ name: `the master of ${name}`, send }],
    redact: (message) => secrets.redact(message),
    close: () => closed(sentinel),
  };
}

type SocketOptions = ReturnType<typeof socketOf>;

function socketOf(useTls: boolean, tls: Tls, mayRetry = () => true) {
  if (tls !== undefined && !useTls) {
    throw new UsageError("--ca, --cert and --tls-key are for TLS: use a rediss:// address.");
  }
  const socket = {
    connectTimeout: 5_000,
    reconnectStrategy: (retries: number, cause: Error) =>
      mayRetry() ? Math.min(50 * 2 ** retries, 1_000) : cause,
  };
  return useTls ? { ...socket, ...tls, tls: true as const } : socket;
}

const createSingle = (url: URL, socket: SocketOptions) =>
  createClient({ url: url.href, database: Number(url.pathname.slice(1)), socket: socket as never, RESP: 2 });

const createOfCluster = (urls: readonly URL[], first: URL, socket: SocketOptions) =>
  createCluster({
    rootNodes: urls.map(({ href }) => ({ url: href })),
    minimizeConnections: true,
    RESP: 2,
    defaults: {
      ...(first.username && { username: decodeURIComponent(first.username) }),
      ...(first.password && { password: decodeURIComponent(first.password) }),
      socket: socket as never,
    },
  });

const createOfSentinel = (
  name: string,
  sentinelRootNodes: { host: string; port: number }[],
  socket: SocketOptions,
  env: NodeJS.ProcessEnv,
) =>
  createSentinel({
    name,
    sentinelRootNodes,
    RESP: 2,
    nodeClientOptions: { ...credentials(env.REDIS_USERNAME, env.REDIS_PASSWORD), socket: socket as never },
    sentinelClientOptions: {
      ...credentials(env.SENTINEL_USERNAME, env.SENTINEL_PASSWORD),
      socket: socket as never,
    },
  });

function credentials(username: string | undefined, password: string | undefined) {
  return { ...(username && { username }), ...(password && { password }) };
}

interface Opening {
  on(event: string, listener: (error: unknown) => void): unknown;
  connect(): Promise<unknown>;
  destroy(): unknown;
}

/** How long the first connection may take, in milliseconds. */
const PATIENCE = 10_000;

async function opened(client: Opening, where: string, secrets: Secrets): Promise<void> {
  let last: unknown;
  // Without a listener Node would end the process.
  client.on("error", (error) => {
    last = error;
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(last ?? new Error("no answer")), PATIENCE);
  });
  try {
    await Promise.race([client.connect(), late]);
  } catch (error) {
    try {
      await client.destroy();
    } catch {
      // It was never open.
    }
    throw new CommandError(
      `cannot connect to ${where}: ${secrets.redact(reasonOf(error))}.`,
      "Name the server with --url or REDIS_URL, for example --url redis://localhost:6379.",
    );
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  // Some failures are several, one for each address, and have no message of their own.
  const { message, errors, code } = error as { message?: string; errors?: Error[]; code?: string };
  return (message || errors?.map((each) => each.message).join(", ") || code || String(error)).replace(
    /\.$/,
    "",
  );
}

async function closed(client: { close(): unknown }): Promise<void> {
  try {
    await client.close();
  } catch {
    // It is closed already.
  }
}

function parseUrl(text: string, option: string): URL {
  try {
    const url = new URL(text);
    if (url.protocol === "redis:" || url.protocol === "rediss:") return url;
  } catch {
    // The text may hold a password: it is not shown.
  }
  throw new UsageError(`${option} must be a redis:// or rediss:// address.`, `Example: ${DEFAULT_URL}`);
}

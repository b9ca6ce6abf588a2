import type { RedisClientOptions, RedisSentinelOptions } from "redis";
import { formatValue, InvalidInputError } from "../errors.js";
import { ClusterAdapter } from "./clients/cluster.js";
import { loadNodeRedis } from "./clients/load-node-redis.js";
import { SentinelAdapter } from "./clients/sentinel.js";
import { SingleClientAdapter } from "./clients/single.js";
import { asClient, type ConnectionClient } from "./connection.js";
import {
  type ClusterRootNodes,
  type ConnectOptions,
  checkCommandTimeout,
  type SentinelGroup,
  type TlsOptions,
} from "./options.js";
import { type ManagedClient, ReconnectingAdapter } from "./reconnecting-adapter.js";
import { RetryingConnection } from "./retrying-connection.js";

/** A connection that this package opened, and therefore closes. */
export interface ManagedConnection {
  readonly connection: ConnectionClient;
  /** Waits for what is under way, then closes. Closing twice is no error. */
  close(): Promise<void>;
}

/** Connects to one server. @throws {InvalidInputError} when the address is not a Redis URL; {@link OperationError}. */
export async function connectUrl(uri: string, options: ConnectOptions = {}): Promise<ManagedConnection> {
  const url = parseRedisUrl(uri);
  return connect(url.host, secretsOf(url), options, async ({ createClient }, report) => {
    let connected = false;
    const client = createClient({
      url: uri,
      socket: socketOptions(url.protocol === "rediss:", options.tls, (retries, cause) =>
        // A first connection that fails is an answer for the caller; a lost one is tried again.
        connected ? backoff(retries) : cause,
      ) as RedisClientOptions["socket"],
    });
    listen(client, report);
    return {
      adapter: new SingleClientAdapter(client),
      connect: async () => {
        await client.connect();
        connected = true;
      },
      // One that is not ready is being connected again already.
      mayBeDead: () => client.isReady,
      destroy: () => client.destroy(),
    };
  });
}

/** Connects to a cluster. User, password and TLS are those of the first URL, for all nodes. */
export async function connectCluster(
  rootNodes: ClusterRootNodes,
  options: ConnectOptions = {},
): Promise<ManagedConnection> {
  if (!Array.isArray(rootNodes) || rootNodes.length === 0) {
    throw new InvalidInputError("rootNodes must be a non-empty array of redis:// URLs.");
  }
  const urls = rootNodes.map((node) => parseRedisUrl(typeof node === "string" ? node : node?.url));
  const [first] = urls as [URL, ...URL[]];
  const tls = first.protocol === "rediss:";
  const where = `the cluster at ${urls.map(({ host }) => host).join(", ")}`;
  return connect(where, urls.flatMap(secretsOf), options, async ({ createCluster }, report) => {
    const cluster = createCluster({
      rootNodes: urls.map(({ href }) => ({ url: href })),
      // A node is connected when it is first needed: one that is down keeps nobody from finding the others.
      minimizeConnections: true,
      topologyRefreshOnReconnectionAttemptStrategy: 1_000,
      defaults: {
        ...credentialsOf(first),
        socket: socketOptions(tls, options.tls, backoff) as RedisClientOptions["socket"],
      },
    });
    listen(cluster, report);
    cluster.on("node-error", report);
    cluster.on("node-ready", () => report(undefined));
    return {
      adapter: new ClusterAdapter(cluster),
      connect: async () => void (await cluster.connect()),
      mayBeDead: () => true,
      destroy: () => cluster.destroy(),
    };
  });
}

/** Connects to the master of a group that Sentinels watch. */
export async function connectSentinel(
  group: SentinelGroup,
  options: ConnectOptions = {},
): Promise<ManagedConnection> {
  const { name, sentinelRootNodes, username, password, sentinelUsername, sentinelPassword, database } = group;
  if (
    typeof name !== "string" ||
    name === "" ||
    !Array.isArray(sentinelRootNodes) ||
    sentinelRootNodes.length === 0
  ) {
    throw new InvalidInputError(
      "fromSentinel needs the name of the group and some Sentinels. " +
        'Example: { name: "mymaster", sentinelRootNodes: [{ host: "10.0.0.1", port: 26379 }] }.',
    );
  }
  const secrets = [password, sentinelPassword].filter((secret) => secret !== undefined);
  return connect(
    `the master of ${formatValue(name)}`,
    secrets,
    options,
    async ({ createSentinel }, report) => {
      const tls = options.tls !== undefined;
      const socket = socketOptions(tls, options.tls, backoff) as RedisClientOptions["socket"];
      const sentinel = createSentinel({
        name,
        sentinelRootNodes: sentinelRootNodes.map(({ host, port }) => ({ host, port })),
        nodeClientOptions: { username, password, database, socket },
        sentinelClientOptions: { username: sentinelUsername, password: sentinelPassword, socket },
      } as RedisSentinelOptions);
      listen(sentinel, report);
      sentinel.on("client-error", ({ error }: { error: Error }) => report(error));
      return {
        adapter: new SentinelAdapter(sentinel),
        connect: async () => void (await sentinel.connect()),
        mayBeDead: () => true,
        destroy: () => void sentinel.destroy().catch(() => {}),
      };
    },
  );
}

type NodeRedis = Awaited<ReturnType<typeof loadNodeRedis>>;

async function connect(
  where: string,
  secrets: readonly string[],
  options: ConnectOptions,
  create: (redis: NodeRedis, report: (lastError: Error | undefined) => void) => Promise<ManagedClient>,
): Promise<ManagedConnection> {
  const timeout = checkCommandTimeout(options.commandTimeout);
  const redis = await loadNodeRedis();
  const adapter = await ReconnectingAdapter.open({
    where,
    secrets,
    timeout,
    create: (report) => create(redis, report),
  });
  const connection = new RetryingConnection(adapter, timeout);
  return {
    connection: asClient(connection),
    close: async () => {
      await connection.close();
      adapter.destroy();
    },
  };
}

interface Emitter {
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "ready", listener: () => void): unknown;
}

/** Without a listener for "error" Node would end the process; what is wrong reaches whoever waits for an answer. */
function listen(client: Emitter, report: (lastError: Error | undefined) => void): void {
  // A Sentinel client emits texts, too.
  client.on("error", (error) => report(error instanceof Error ? error : new Error(String(error))));
  client.on("ready", () => report(undefined));
}

/** Milliseconds before the next attempt to connect: 50, 100, 200 ... 2,000, with some randomness, for ever. */
function backoff(retries: number): number {
  return Math.min(50 * 2 ** retries, 2_000) * (0.75 + Math.random() / 2);
}

function socketOptions(
  useTls: boolean,
  tls: TlsOptions | undefined,
  reconnectStrategy: (retries: number, cause: Error) => number | Error,
) {
  const plain = { reconnectStrategy, connectTimeout: 5_000 };
  return useTls ? { ...plain, ...tls, tls: true } : plain;
}

/** @throws {InvalidInputError} which does not repeat the address: it may hold a password. */
function parseRedisUrl(uri: unknown): URL {
  if (typeof uri === "string" && /^rediss?:\/\//.test(uri) && URL.canParse(uri)) {
    const url = new URL(uri);
    const credentials = [url.username, url.password].map(decode);
    if (/^\/?\d*$/.test(url.pathname) && !credentials.includes(undefined)) return url;
  }
  throw new InvalidInputError(
    "expected a URL such as redis://localhost:6379 or rediss://user:password@host:port/0, got " +
      `${typeof uri === "string" ? "another text" : `a value of type ${typeof uri}`} (not shown, as it may hold a ` +
      "password). Characters of a password other than letters and digits have to be percent-encoded.",
  );
}

/** Undefined for what is no percent-encoded text. The result is used, as minifiers drop a call whose result is not. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function credentialsOf({ username, password }: URL) {
  return {
    username: username === "" ? undefined : decode(username),
    password: password === "" ? undefined : decode(password),
  };
}

function secretsOf(url: URL): string[] {
  const { password } = credentialsOf(url);
  return password === undefined ? [] : [password];
}

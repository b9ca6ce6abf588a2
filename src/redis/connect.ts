import type { RedisClientOptions, RedisSentinelOptions } from "redis";
import { quote } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { ClusterAdapter } from "./clients/cluster.js";
import { loadNodeRedis } from "./clients/load-node-redis.js";
import { SentinelAdapter } from "./clients/sentinel.js";
import { SingleClientAdapter } from "./clients/single.js";
import type { ServerAddress } from "./command.js";
import { checkSentinelGroup, checkTls } from "./connect-options.js";
import { asClient, type ConnectionClient } from "./connection.js";
import { ConnectionMonitor } from "./connection-monitor.js";
import {
  type ClusterRootNodes,
  type ConnectOptions,
  checkCommandTimeout,
  type SentinelGroup,
  type TlsOptions,
} from "./options.js";
import { type ManagedClient, ReconnectingAdapter } from "./reconnecting-adapter.js";
import { credentialsOf, parseRedisUrl, secretsOf } from "./redis-url.js";
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
  checkTls(options.tls, url);
  return connect(url.host, secretsOf(url), options, async ({ createClient }, report, monitor) => {
    let connected = false;
    const client = createClient({
      url: uri,
      // Some versions of node-redis 5 read it in the URL and do not select it.
      database: Number(url.pathname.slice(1)),
      socket: socketOptions(url.protocol === "rediss:", options.tls, (retries, cause) =>
        // A first connection that fails is an answer for the caller; a lost one is tried again.
        connected ? backoff(retries) : cause,
      ) as RedisClientOptions["socket"],
    });
    listen(client, report);
    const adapter = new SingleClientAdapter(client);
    client.on("error", (error) => monitor.failed(error, adapter.server));
    client.on("reconnecting", () => monitor.reconnecting());
    client.on("ready", () => monitor.ready(adapter.server));
    return {
      adapter,
      connect: async () => {
        await client.connect();
        connected = true;
      },
      // One that is not ready is being connected again already.
      mayBeDead: () => client.isReady,
      destroy: () => destroy(client),
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
  const [first, ...others] = urls as [URL, ...URL[]];
  if (others.some(({ protocol }) => protocol !== first.protocol)) {
    throw new InvalidInputError(
      "rootNodes must be all redis:// or all rediss://: a cluster uses TLS or does not.",
    );
  }
  checkTls(options.tls, first);
  const tls = first.protocol === "rediss:";
  const where = `the cluster at ${urls.map(({ host }) => host).join(", ")}`;
  return connect(where, urls.flatMap(secretsOf), options, async ({ createCluster }, report, monitor) => {
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
    cluster.on("node-error", (error, node) => monitor.failed(error, serverOf(node), addressOf(node)));
    cluster.on("node-reconnecting", (node) => monitor.reconnecting(addressOf(node)));
    cluster.on("node-ready", (node) => monitor.ready(serverOf(node), addressOf(node)));
    return {
      adapter: new ClusterAdapter(cluster),
      connect: async () => void (await cluster.connect()),
      mayBeDead: () => true,
      destroy: () => destroy(cluster),
    };
  });
}

/** Connects to the master of a group that Sentinels watch. */
export async function connectSentinel(
  group: SentinelGroup,
  options: ConnectOptions = {},
): Promise<ManagedConnection> {
  checkSentinelGroup(group);
  checkTls(options.tls);
  const { name, username, password, sentinelUsername, sentinelPassword, database } = group;
  const sentinelRootNodes = group.sentinelRootNodes.map(({ host, port }) => ({ host, port }));
  const secrets = [password, sentinelPassword].flatMap((secret) => (secret ? [secret] : []));
  return connect(
    `the master of ${quote(name)}`,
    secrets,
    options,
    async ({ createSentinel }, report, monitor) => {
      const tls = options.tls !== undefined;
      const socket = socketOptions(tls, options.tls, backoff) as RedisClientOptions["socket"];
      const sentinel = createSentinel({
        name,
        sentinelRootNodes,
        nodeClientOptions: { username, password, database, socket },
        sentinelClientOptions: { username: sentinelUsername, password: sentinelPassword, socket },
      } as RedisSentinelOptions);
      listen(sentinel, report);
      sentinel.on("client-error", ({ error }: { error: Error }) => report(error));
      monitorMaster(sentinel, monitor);
      return {
        adapter: new SentinelAdapter(sentinel),
        connect: () =>
          Promise.race([
            sentinel.connect().then(() => monitor.ready()),
            unreachable(sentinel, sentinelRootNodes.length),
          ]),
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
  create: (
    redis: NodeRedis,
    report: (lastError: Error | undefined) => void,
    monitor: ConnectionMonitor,
  ) => Promise<ManagedClient>,
): Promise<ManagedConnection> {
  const monitor = new ConnectionMonitor(options.onConnectionEvent, secrets);
  const timeout = checkCommandTimeout(options.commandTimeout);
  const redis = await loadNodeRedis();
  const adapter = await ReconnectingAdapter.open({
    where,
    secrets,
    timeout,
    monitor,
    create: (report) => create(redis, report, monitor),
  });
  const connection = new RetryingConnection(adapter, timeout);
  return {
    connection: asClient(connection),
    close: async () => {
      // Who calls this has waited for its operations already.
      await connection.close(0);
      adapter.destroy();
    },
  };
}

/** What node-redis calls a node. */
interface Node {
  readonly host: string;
  readonly port: number;
}

const serverOf = ({ host, port }: Node): ServerAddress => ({ address: host, port });
const addressOf = ({ host, port }: Node) => `${host}:${port}`;

interface SentinelEvent {
  readonly type: string;
  readonly node: Node;
  readonly error: Error;
}

interface SentinelEmitter {
  on(event: string, listener: (event: SentinelEvent) => void): unknown;
}

/**
 * Tells of the connection to the master. Node-redis says when it fails and when there is another master, but not when the
 * connection to the same one is there again: the next answer tells.
 */
function monitorMaster(sentinel: SentinelEmitter, monitor: ConnectionMonitor): void {
  let master: ServerAddress | undefined;
  sentinel.on("client-error", ({ type, node, error }: SentinelEvent) => {
    if (type !== "MASTER") return; // Sentinels and replicas come and go
    monitor.failed(error, serverOf(node));
    monitor.reconnecting();
  });
  sentinel.on("topology-change", ({ type, node }: SentinelEvent) => {
    if (type !== "MASTER_CHANGE") return;
    if (master) monitor.failed(new Error("the group has another master"), master);
    master = serverOf(node);
    monitor.movedTo(master);
  });
  sentinel.on("ready", () => monitor.ready());
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

/**
 * Rejects when each of the Sentinels was tried once in vain. The client itself would go on asking them for a long time,
 * but a server that cannot be reached at the beginning is an error at once.
 */
function unreachable(sentinel: Emitter, count: number): Promise<never> {
  return new Promise((_, reject) => {
    let failures = 0;
    sentinel.on("error", (error) => {
      // What fails for one of them is emitted as an error; the other events are texts.
      if (error instanceof Error && ++failures >= count) reject(error);
    });
  });
}

/** Node-redis 5 throws when there is nothing to close any more. */
function destroy(client: { destroy(): void }): void {
  try {
    client.destroy();
  } catch {
    // It is closed, which is all that was wanted.
  }
}

/** Milliseconds before the next attempt to connect: 50, 100, 200 ... 2,000, with some randomness, for ever. */
export function backoff(retries: number): number {
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

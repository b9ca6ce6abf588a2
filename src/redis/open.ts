import type { RedisClientOptions, RedisSentinelOptions } from "redis";
import { createClient, createCluster, createSentinel } from "redis";
import { InvalidInputError, show } from "../errors.js";
import { ClusterTransport } from "./clients/cluster.js";
import { SentinelTransport } from "./clients/sentinel.js";
import { SingleTransport } from "./clients/single.js";
import type { Connection } from "./connection.js";
import {
  type ClusterRootNodes,
  checkCommandTimeout,
  type OpenOptions,
  type SentinelGroup,
  type TlsOptions,
} from "./options.js";
import { type Opened, OwnedTransport } from "./owned-transport.js";
import { PatientConnection } from "./patient-connection.js";

/** A connection that this package opened, and therefore closes. */
export interface OwnedConnection {
  readonly connection: Connection;
  /** Waits for what is under way, then closes. Closing twice is no error. */
  close(): Promise<void>;
}

/** Connects to one server. @throws {InvalidInputError} when the address is not a Redis URL; {@link OperationError}. */
export async function openUrl(uri: string, options: OpenOptions = {}): Promise<OwnedConnection> {
  const url = parseRedisUrl(uri);
  return open(url.host, secretsOf(url), options, async (report) => {
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
      transport: new SingleTransport(client),
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
export async function openCluster(
  rootNodes: ClusterRootNodes,
  options: OpenOptions = {},
): Promise<OwnedConnection> {
  if (!Array.isArray(rootNodes) || rootNodes.length === 0) {
    throw new InvalidInputError("rootNodes must be a non-empty array of redis:// URLs.");
  }
  const urls = rootNodes.map((node) => parseRedisUrl(typeof node === "string" ? node : node?.url));
  const [first] = urls as [URL, ...URL[]];
  const tls = first.protocol === "rediss:";
  const where = `the cluster at ${urls.map(({ host }) => host).join(", ")}`;
  return open(where, urls.flatMap(secretsOf), options, async (report) => {
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
      transport: new ClusterTransport(cluster),
      connect: async () => void (await cluster.connect()),
      mayBeDead: () => true,
      destroy: () => cluster.destroy(),
    };
  });
}

/** Connects to the master of a group that Sentinels watch. */
export async function openSentinel(
  group: SentinelGroup,
  options: OpenOptions = {},
): Promise<OwnedConnection> {
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
  return open(`the master of ${show(name)}`, secrets, options, async (report) => {
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
      transport: new SentinelTransport(sentinel),
      connect: async () => void (await sentinel.connect()),
      mayBeDead: () => true,
      destroy: () => void sentinel.destroy().catch(() => {}),
    };
  });
}

async function open(
  where: string,
  secrets: readonly string[],
  options: OpenOptions,
  create: (report: (trouble: Error | undefined) => void) => Promise<Opened>,
): Promise<OwnedConnection> {
  const timeout = checkCommandTimeout(options.commandTimeout);
  const transport = await OwnedTransport.open({ where, secrets, timeout, create });
  const connection = new PatientConnection(transport, timeout);
  return {
    connection,
    close: async () => {
      await connection.close();
      transport.destroy();
    },
  };
}

interface Emitter {
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "ready", listener: () => void): unknown;
}

/** Without a listener for "error" Node would end the process; what is wrong reaches whoever waits for an answer. */
function listen(client: Emitter, report: (trouble: Error | undefined) => void): void {
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
    if (/^\/?\d*$/.test(url.pathname) && isDecodable(url.username) && isDecodable(url.password)) return url;
  }
  throw new InvalidInputError(
    "expected a URL such as redis://localhost:6379 or rediss://user:password@host:port/0, got " +
      `${typeof uri === "string" ? "another text" : `a value of type ${typeof uri}`} (not shown, as it may hold a ` +
      "password). Characters of a password other than letters and digits have to be percent-encoded.",
  );
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function credentialsOf({ username, password }: URL) {
  return {
    username: username === "" ? undefined : decodeURIComponent(username),
    password: password === "" ? undefined : decodeURIComponent(password),
  };
}

function secretsOf(url: URL): string[] {
  const { password } = credentialsOf(url);
  return password === undefined ? [] : [password];
}

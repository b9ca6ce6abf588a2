import type { ConnectionOptions } from "node:tls";
import { describeOption } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import type { ServerAddress } from "./command.js";
import type { KnownOptions } from "./known-options.js";

/** How long to wait for Redis. */
export interface TimeoutOptions {
  /**
   * How long a server may give no answers, in milliseconds, before what waits for it fails (default 10,000; 0 for
   * ever). Waiting behind other operations that are answered does not count. Until then what fails for reasons that
   * pass is sent again: a lost connection, a server that restarts or loads its data, a cluster that is moving slots or
   * promoting a replica.
   */
  commandTimeout?: number;
}

/** How the `from...` functions connect. */
export interface ConnectOptions extends TimeoutOptions {
  /** Certificates and the like for TLS, as in Node's `tls.connect`. TLS itself is turned on by `rediss://`. */
  tls?: TlsOptions;
  /**
   * Called when a connection is lost, when it is tried again, and when it is there: of one server, of each node of a
   * cluster, of the master of a Sentinel group. Not called any more after `end()`. What it throws becomes a warning of
   * the process.
   */
  onConnectionEvent?: ConnectionEventListener;
}

export type ConnectionEventListener = (event: ConnectionEvent) => void;

/** What became of a connection. */
export interface ConnectionEvent {
  /** `lost`: it broke, or a node could not be reached; `reconnecting`: another attempt; `ready`: it can be used. */
  readonly type: "lost" | "reconnecting" | "ready";
  readonly at: Date;
  /** The server or node, where it is known. */
  readonly server?: ServerAddress;
  /** Why it was lost; of `reconnecting`, why it is still lost. Without passwords. */
  readonly cause?: Error;
  /** Of `reconnecting`: the number of the attempt since it was lost, from 1 on. */
  readonly attempt?: number;
}

export const CONNECT_OPTIONS: KnownOptions<ConnectOptions> = {
  commandTimeout: true,
  tls: true,
  onConnectionEvent: true,
};

export type TlsOptions = Pick<
  ConnectionOptions,
  "ca" | "cert" | "key" | "passphrase" | "servername" | "rejectUnauthorized" | "minVersion" | "ciphers"
>;

/** Where a group of servers watched by Redis Sentinel is found. */
export interface SentinelGroup {
  /** The name of the group: `sentinel monitor <name> ...`. */
  name: string;
  /** Some of the Sentinels; the others are learned from them. */
  sentinelRootNodes: readonly { host: string; port: number }[];
  /** User and password of the Redis servers (default: none). */
  username?: string;
  password?: string;
  /** User and password of the Sentinels (default: none). */
  sentinelUsername?: string;
  sentinelPassword?: string;
  /** Number of the database (default 0). */
  database?: number;
}

/** Nodes to learn the rest of a cluster from: `redis://` or `rediss://` URLs. */
export type ClusterRootNodes = readonly (string | { readonly url: string })[];

const DEFAULT_COMMAND_TIMEOUT = 10_000;

/** @returns milliseconds; Infinity for never. @throws {InvalidInputError} */
export function checkCommandTimeout(milliseconds: unknown): number {
  if (milliseconds === undefined) return DEFAULT_COMMAND_TIMEOUT;
  // Node's timers take no more.
  if (typeof milliseconds !== "number" || !(milliseconds >= 0 && milliseconds < 2 ** 31)) {
    throw new InvalidInputError(
      `commandTimeout must be a number of milliseconds, 0 for none, got ${describeOption(milliseconds)}.`,
    );
  }
  return milliseconds === 0 ? Number.POSITIVE_INFINITY : milliseconds;
}

/** A time-out for what must come to an end, as connecting and closing must, also where commands have none. */
export function finiteTimeout(milliseconds: number): number {
  return Number.isFinite(milliseconds) ? milliseconds : DEFAULT_COMMAND_TIMEOUT;
}

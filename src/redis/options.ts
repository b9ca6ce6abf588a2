import type { ConnectionOptions } from "node:tls";
import { describeOption } from "../describe.js";
import { InvalidInputError } from "../errors.js";
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
}

export const CONNECT_OPTIONS: KnownOptions<ConnectOptions> = { commandTimeout: true, tls: true };

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

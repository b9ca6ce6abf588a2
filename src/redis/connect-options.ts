import { InvalidInputError } from "../errors.js";
import { checkKnownOptions, type KnownOptions } from "./known-options.js";
import type { SentinelGroup, TlsOptions } from "./options.js";

const TLS_OPTIONS: KnownOptions<TlsOptions> = {
  ca: true,
  cert: true,
  key: true,
  passphrase: true,
  servername: true,
  rejectUnauthorized: true,
  minVersion: true,
  ciphers: true,
};

const SENTINEL_GROUP: KnownOptions<SentinelGroup> = {
  name: true,
  sentinelRootNodes: true,
  username: true,
  password: true,
  sentinelUsername: true,
  sentinelPassword: true,
  database: true,
};

/**
 * Checks the option `tls`.
 *
 * @param url where it is connected to, if that says whether TLS is used.
 * @throws {InvalidInputError} when it has unknown parts, or the URL asks for a connection without TLS.
 */
export function checkTls(tls: TlsOptions | undefined, url?: URL): void {
  if (tls === undefined) return;
  checkKnownOptions(tls, TLS_OPTIONS, "tls");
  if (url === undefined || url.protocol === "rediss:") return;
  throw new InvalidInputError(
    "the option tls is given, but the URL begins with redis://, which is not encrypted. Use rediss://, or leave tls out.",
  );
}

/** @throws {InvalidInputError} which shows no values: an address may hold a password. */
export function checkSentinelGroup(group: unknown): asserts group is SentinelGroup {
  checkKnownOptions(group ?? null, SENTINEL_GROUP, "the Sentinel group");
  const { name, sentinelRootNodes, database } = group as SentinelGroup;
  const example = '{ name: "mymaster", sentinelRootNodes: [{ host: "10.0.0.1", port: 26379 }] }';
  if (typeof name !== "string" || name === "") {
    throw new InvalidInputError(`fromSentinel needs the name of the group. Example: ${example}.`);
  }
  if (!Array.isArray(sentinelRootNodes) || sentinelRootNodes.length === 0) {
    throw new InvalidInputError(`fromSentinel needs some Sentinels. Example: ${example}.`);
  }
  if (!sentinelRootNodes.every(isNode)) {
    throw new InvalidInputError(
      `each of sentinelRootNodes must be an object with a host and a port. Example: ${example}.`,
    );
  }
  for (const credential of ["username", "password", "sentinelUsername", "sentinelPassword"] as const) {
    const type = typeof (group as SentinelGroup)[credential];
    if (type === "undefined" || type === "string") continue;
    throw new InvalidInputError(
      `${credential} of the Sentinel group must be a string, got a value of type ${type}.`,
    );
  }
  if (database !== undefined && !(Number.isInteger(database) && database >= 0)) {
    throw new InvalidInputError("database must be a number of a database, such as 0.");
  }
}

function isNode(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  const { host, port } = node as { host?: unknown; port?: unknown };
  return (
    typeof host === "string" &&
    host !== "" &&
    Number.isInteger(port) &&
    Number(port) > 0 &&
    Number(port) < 65_536
  );
}

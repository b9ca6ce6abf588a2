import type { ManagedConnection } from "../redis/connect.js";
import { createConnection, type RedisClient, requireOptions } from "../redis/connection.js";
import { checkKnownOptions } from "../redis/known-options.js";
import type { ConnectOptions, TimeoutOptions } from "../redis/options.js";
import { readArguments } from "./arguments.js";
import {
  OPEN_OPTIONS,
  type RedisStoreOptions,
  resolveOptions,
  STORE_OPTIONS,
  type StoreSettings,
} from "./options.js";

/** Options of the constructor of a store. */
export type ConstructorOptions = RedisStoreOptions & TimeoutOptions & { client: RedisClient };

/** What a store that was opened with its connection has. */
interface Opened {
  owned: ManagedConnection;
  settings: StoreSettings;
}

/** The name under which {@link Opened} is among the options of the constructor. */
const OPENED = Symbol("opened");

/** Reads the options of the constructor. @throws {InvalidInputError} when they cannot be used. */
export function resolveConstructorOptions(options: ConstructorOptions) {
  return readArguments("the options of RedisStore", () => {
    requireOptions(options, "RedisStore");
    checkKnownOptions(options, STORE_OPTIONS, "RedisStore");
    const { client, commandTimeout } = options;
    const opened: Opened | undefined = Reflect.get(options, OPENED);
    return {
      connection: createConnection(client, commandTimeout),
      settings: opened?.settings ?? resolveOptions(options),
      commandTimeout,
      owned: opened?.owned,
    };
  });
}

/**
 * Connects, and makes a store on the connection, which is closed again when that fails.
 *
 * @param make Takes the options of the constructor.
 */
export async function openStore<Store>(
  options: RedisStoreOptions & ConnectOptions,
  connect: (options: ConnectOptions) => Promise<ManagedConnection>,
  make: (options: ConstructorOptions) => Promise<Store>,
): Promise<Store> {
  // Before anything is connected: what cannot be used is refused, and what changes later changes nothing.
  const { settings, ...connectOptions } = readArguments("the options of RedisStore", () => {
    checkKnownOptions(options, OPEN_OPTIONS, "RedisStore");
    const { commandTimeout, tls, onConnectionEvent } = options;
    return { settings: resolveOptions(options), commandTimeout, tls, onConnectionEvent };
  });
  const owned = await connect(connectOptions);
  try {
    const known: ConstructorOptions = {
      client: owned.connection,
      commandTimeout: connectOptions.commandTimeout,
    };
    return await make(Object.assign(known, { [OPENED]: { owned, settings } }));
  } catch (error) {
    await owned.close();
    throw error;
  }
}

import { EncryptionError } from "../errors.js";
import type { Connection, Reply } from "../redis/command.js";
import { withOperation } from "../redis/operation-error.js";
import { executeAll } from "../redis/script.js";
import { Embedder } from "./embedding/embedder.js";
import type { StoreEngine } from "./engines/engine.js";
import {
  compareDefinitions,
  defineIndex,
  type IndexDefinition,
  type StoredIndex,
} from "./engines/index-definition.js";
import { OTHER_DATABASE } from "./engines/redis-search/index-commands.js";
import { SearchEngine } from "./engines/redis-search/search-engine.js";
import { ScanEngine } from "./engines/scan/scan-engine.js";
import { agreeOnIndex, type Refusal, readServingIndex } from "./engines/serving-index.js";
import { EngineUnavailableError, IndexMismatchError } from "./errors.js";
import { EncryptedItemCodec } from "./items/encrypted-item-codec.js";
import { type ItemCodec, PLAIN_CODEC } from "./items/item-codec.js";
import type { ReadMode } from "./items/read.js";
import { StoreKeys } from "./keys.js";
import type { StoreSettings } from "./options.js";
import { useKeys } from "./used-keys.js";

/** The index that serves, with the engine that it is searched by. */
export interface ActiveIndex {
  engine: StoreEngine;
  index: StoredIndex;
  /** Why this store may not put: it is configured without the index that is there. */
  readOnly: IndexMismatchError | undefined;
}

/** What all operations of a store share. */
export class StoreContext {
  readonly keys: StoreKeys;
  readonly codec: ItemCodec;
  readonly embedder: Embedder | undefined;
  /** Known once the engine was chosen. */
  engineName: StoreEngine["name"] | undefined;
  /** Why "auto" took core commands; `undefined` when it did not. */
  engineReason: string | undefined;
  private active: Promise<ActiveIndex> | undefined;
  private chosen: Promise<StoreEngine> | undefined;

  readonly settings: StoreSettings;
  readonly readMode: ReadMode;

  constructor(
    readonly connection: Connection,
    settings: StoreSettings,
  ) {
    const partitionsTogether = connection.isCluster ? 1 : settings.limits.partitionsTogether;
    this.settings = { ...settings, limits: { ...settings.limits, partitionsTogether } };
    this.readMode = { refresh: settings.refreshOnRead, someExpire: settings.defaultTtl !== undefined };
    this.keys = new StoreKeys(settings.keyPrefix);
    const { keyring } = settings;
    this.codec = keyring ? new EncryptedItemCodec(keyring.cipher("item")) : PLAIN_CODEC;
    const { vectors } = settings;
    this.embedder = vectors && new Embedder(vectors.model, vectors.dims, vectors.distance, vectors.cacheSize);
  }

  /**
   * Fetches the keys that items are encrypted with. Whatever writes or reads content waits for it.
   *
   * @throws {EncryptionError} when one cannot be fetched.
   */
  async keysReady(): Promise<void> {
    await this.settings.keyring?.ready();
  }

  /** Prepares the index once; tries again when that failed. */
  activeIndex(refusal?: Refusal): Promise<ActiveIndex> {
    if (!this.active) {
      const active = withOperation({ operation: "setup" }, () => this.prepare(refusal));
      this.active = active;
      active.catch(() => {
        if (this.active === active) this.active = undefined;
      });
    }
    return this.active;
  }

  /**
   * Prepares the index again, because it is not what it was; once for all who noticed.
   *
   * @param refusal By which it was noticed.
   * @throws {IndexMismatchError} when the index that serves is not the one that this store is configured for.
   */
  async renew(outdated: ActiveIndex, refusal?: Refusal): Promise<ActiveIndex> {
    const current = await this.activeIndex();
    if (current === outdated) this.forget();
    return this.activeIndex(refusal);
  }

  /** Looks at the index again before the next use. */
  forget(): void {
    this.active = undefined;
  }

  /** The engine that this server, or the options, call for. */
  engine(): Promise<StoreEngine> {
    if (!this.chosen) {
      const chosen = withOperation({ operation: "setup" }, () => this.chooseEngine());
      this.chosen = chosen;
      chosen.catch(() => {
        if (this.chosen === chosen) this.chosen = undefined;
      });
    }
    return this.chosen;
  }

  private async prepare(refusal?: Refusal): Promise<ActiveIndex> {
    const { keys, settings } = this;
    const configured = defineIndex(settings);
    for (;;) {
      const engine = await this.engine();
      this.engineName = engine.name;
      const index = await agreeOnIndex(this, refusal);
      this.checkEncryption(index.definition);
      await this.useKeys();
      const differences = compareDefinitions(index.definition, configured);
      const mismatch =
        differences.length > 0
          ? new IndexMismatchError(keys.indexName(index.generation), differences)
          : undefined;
      // Without an index of its own a store reads any.
      if (mismatch && settings.isIndexed) throw mismatch;
      try {
        await engine.serve(index);
      } catch (error) {
        // Somebody's reindex() has finished meanwhile, and dropped the index.
        if (error instanceof Error && engine.isIndexChanged(error)) continue;
        if (!(error instanceof EngineUnavailableError) || settings.engine !== "auto") throw error;
        // The user of this connection may not ask beforehand what is not possible here.
        this.chosen = Promise.resolve(this.core(OTHER_DATABASE));
        continue;
      }
      const now = await readServingIndex(this);
      if (now?.text === index.text) return { engine, index, readOnly: mismatch };
      // Somebody's reindex() has finished meanwhile: the index may just have been created again after it was dropped.
      if (now && now.generation !== index.generation) await engine.drop(index);
    }
  }

  /** @throws {EncryptionError} when a key is missing or another one, so that this store would not find what others have put. */
  private async useKeys(): Promise<void> {
    const { keyring } = this.settings;
    if (!keyring) return;
    await keyring.ready();
    await useKeys(this.connection, this.keys.encryption, keyring.cipher("item"));
  }

  /** @throws {EncryptionError} when this store would not find, or not read, what others have put. */
  private checkEncryption({ encrypted }: IndexDefinition): void {
    const { codec, keys } = this;
    if (encrypted && !codec.isEncrypted) {
      throw new EncryptionError(
        "the items of this store are encrypted. Give their keys with the option `encryption`",
        {
          location: { key: keys.definition },
        },
      );
    }
    if (!encrypted && !codec.readsPlaintext) {
      throw new EncryptionError(
        "the items of this store are not encrypted, or not all of them. Set encryption.allowPlaintext, and call reencrypt([])",
        { location: { key: keys.definition } },
      );
    }
  }

  private async chooseEngine(): Promise<StoreEngine> {
    const { connection, keys, settings } = this;
    if (settings.engine === "core") return this.core();
    const missing = await whyNoSearch(connection, keys.definition);
    if (missing === undefined) return new SearchEngine(connection, keys, this.codec, settings);
    if (settings.engine === "auto") return this.core(missing);
    throw new EngineUnavailableError(
      missing === OTHER_DATABASE
        ? `engine "search" cannot be used: ${missing}. Use database 0, or engine "core".`
        : `engine "search" cannot be used: ${missing}. Use Redis 8, or Redis with the module Redis Search, or engine "core".`,
    );
  }

  private core(reason?: string): StoreEngine {
    this.engineReason = reason;
    return new ScanEngine(this.connection, this.keys, this.codec, this.settings);
  }
}

/** Asks the server for what the search engine needs. `undefined` when it is there. */
async function whyNoSearch(connection: Connection, key: string): Promise<string | undefined> {
  const [commands, cluster, server, client] = await executeAll(connection, [
    { key, args: ["COMMAND", "INFO", "FT.SEARCH", "_FT.SEARCH"] },
    { key, args: ["INFO", "cluster"] },
    { key, args: ["INFO", "server"] },
    { key, args: ["CLIENT", "INFO"] },
  ]);
  if (commands instanceof Error) throw commands;
  const [search, coordinator] = commands as Reply[];
  if (!search) return "this server does not know FT.SEARCH";
  if (!(client instanceof Error) && /\bdb=[1-9]/.test(String(client))) return OTHER_DATABASE;
  // On a cluster a search has to look at all nodes, which Redis 8 does, and before it a module with a coordinator.
  const isCluster = !(cluster instanceof Error) && /cluster_enabled:1/.test(String(cluster));
  const version = Number(/redis_version:(\d+)/.exec(String(server))?.[1] ?? 0);
  if (isCluster && version < 8 && !coordinator)
    return "this cluster has no search coordinator, a node would search only itself";
  return undefined;
}

import { decodeKeyPart, encodeKeyPart } from "../redis/key-encoding.js";
import { PARTITIONS, partitionOf } from "../redis/partition.js";
import { fromRegistryMember, toRegistryMember } from "./namespaces/encoding.js";

/** What the namespaces of one partition share: all of it in one slot of a cluster, with the namespaces' own keys. */
export interface PartitionKeys {
  /** Sorted set of the namespaces that hold items, in lexical order. */
  registry: string;
  /**
   * Sorted set of the same namespaces: name by minus the time of the last put, in milliseconds. No item of a namespace
   * was updated later.
   */
  recent: string;
  /** The definition of the index that serves here: puts that were made for an earlier one are refused. */
  serving: string;
  /** What the keys of what a namespace knows of its own items begin with; the namespace's registry member follows. */
  namespaces: string;
  /** What the keys of documents begin with; the namespace's registry member follows, then the item's member. */
  documents: string;
}

/** The Redis keys of one item: all of them in one slot of a cluster. */
export interface ItemKeys {
  /** The item's own document. Its further vector documents are `<document>:<generation>.<number>`. */
  document: string;
  /** The key's name among the members of the namespace's sorted sets. */
  member: string;
  namespace: NamespaceKeys;
}

/** What a namespace knows of its own items; its keys live exactly as long as it has items. */
export interface NamespaceKeys {
  /** Sorted set of all members, in lexical order: whatever visits items goes by it. */
  keys: string;
  /** Sorted set: member by minus the time of its last update in milliseconds, which puts the newest first. */
  updates: string;
  /** Sorted set: members that expire, by deadline in milliseconds. */
  expiry: string;
  /** The namespace's name in the registry of its partition. */
  name: string;
  partition: PartitionKeys;
}

/** What scripts that change a namespace's members take, in the order that `own_keys` of members.lua has them. */
export function memberKeys({ keys, updates, expiry, partition }: NamespaceKeys): string[] {
  return [keys, updates, expiry, partition.registry, partition.recent];
}

/** Every Redis key and index name of one store is made here, and nowhere else. */
export class StoreKeys {
  /**
   * What all documents, and only documents of this store, begin with. As key prefixes contain no braces, what stands
   * before the first brace of a document's key tells its store: no other store's documents begin with this.
   */
  readonly documentPrefix: string;
  readonly partitions: readonly PartitionKeys[];
  /** The definition of the index that serves. In one slot with {@link reindex}. */
  readonly definition: string;
  /** Hash: what a reindex() that has not come to its end is to build, and who is at it. */
  readonly reindex: string;
  /** Hash: the ids of the keys that items are encrypted with, each with the key's fingerprint. */
  readonly encryption: string;

  private lastParsed: { name: string; namespace: string[] } | undefined;

  constructor(private readonly prefix: string) {
    this.documentPrefix = `${prefix}:store:doc:{`;
    this.partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({
      registry: `${prefix}:store:namespaces:{${partition}}`,
      recent: `${prefix}:store:recent:{${partition}}`,
      serving: `${prefix}:store:serving:{${partition}}`,
      namespaces: `${prefix}:store:ns:{${partition}}:`,
      documents: `${this.documentPrefix}${partition}}:`,
    }));
    this.definition = `${prefix}:store:{index}:definition`;
    this.reindex = `${prefix}:store:{index}:reindex`;
    this.encryption = `${prefix}:store:{index}:encryption`;
  }

  /** The index of one generation: reindex() builds the next one beside it. */
  indexName(generation: number): string {
    return `${this.prefix}:store:${generation}`;
  }

  ofNamespace(namespace: readonly string[]): NamespaceKeys {
    const name = toRegistryMember(namespace);
    // A namespace as it is encoded is its name without the last separator.
    const partition = this.partitions[partitionOf(name.slice(0, -1))] as PartitionKeys;
    const base = partition.namespaces + name;
    return { keys: `${base}keys`, updates: `${base}updates`, expiry: `${base}expiry`, name, partition };
  }

  ofItem(namespace: readonly string[], key: string): ItemKeys {
    const member = encodeKeyPart(key);
    const own = this.ofNamespace(namespace);
    return { document: own.partition.documents + own.name + member, member, namespace: own };
  }

  /** What all documents of a namespace begin with; the rest is the member, and the number of a further document. */
  documentsOf(namespace: readonly string[]): string {
    const { partition, name } = this.ofNamespace(namespace);
    return partition.documents + name;
  }

  /** Whether a key looks like that of one of our documents. {@link parseDocument} is sure, and takes longer. */
  isDocument(redisKey: string): boolean {
    return redisKey.startsWith(this.documentPrefix) && redisKey.includes("}:", this.documentPrefix.length);
  }

  /** Reads the key of a document. `undefined` when it is not one of ours. */
  parseDocument(redisKey: string): DocumentAddress | undefined {
    const tagEnd = redisKey.indexOf("}:", this.documentPrefix.length);
    if (!redisKey.startsWith(this.documentPrefix) || tagEnd === -1) return undefined;
    const document = itemDocument(redisKey);
    const keyBegin = document.lastIndexOf(":") + 1;
    const name = document.slice(tagEnd + 2, keyBegin);
    if (name === "") return undefined;
    try {
      // What a search finds is mostly of few namespaces.
      if (this.lastParsed?.name !== name) this.lastParsed = { name, namespace: fromRegistryMember(name) };
      const namespace = [...this.lastParsed.namespace];
      return { document, namespace, key: decodeKeyPart(document.slice(keyBegin)) };
    } catch {
      return undefined; // not percent-encoded by us
    }
  }
}

/** The key of the item's own document, whichever of its documents this is the key of. */
export function itemDocument(redisKey: string): string {
  // Encoded names contain neither separators nor dots, and the name of a further document has a dot.
  const last = redisKey.lastIndexOf(":");
  return redisKey.includes(".", last) ? redisKey.slice(0, last) : redisKey;
}

/** Whose document a Redis key is. */
export interface DocumentAddress {
  /** The item's own document, whichever of its documents was asked about. */
  document: string;
  namespace: string[];
  key: string;
}

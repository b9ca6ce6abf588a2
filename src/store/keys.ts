import { decodeKeyPart, encodeKeyPart } from "../redis/key-encoding.js";
import { decodeNamespace, encodeNamespace } from "./namespaces/encoding.js";

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
  /** Sorted set: member by minus the time of its last update, which puts the newest first. */
  items: string;
  /** Sorted set: members that expire, by deadline in milliseconds. */
  expiry: string;
}

/** Every Redis key and index name of one store is made here, and nowhere else. */
export class StoreKeys {
  /**
   * What all documents, and only documents of this store, begin with. As key prefixes contain no braces, what stands
   * before the first brace of a document's key tells its store: no other store's documents begin with this.
   */
  readonly documentPrefix: string;
  /** Sorted set of all namespaces, in lexical order. May hold namespaces that are gone, never misses one. */
  readonly namespaces: string;
  /** The definition of the index that serves. */
  readonly definition: string;
  /** The definition of the index that reindex() is building. */
  readonly nextDefinition: string;
  /** The name by which the serving index is searched. */
  readonly indexAlias: string;

  constructor(private readonly prefix: string) {
    this.documentPrefix = `${prefix}:store:doc:{`;
    this.namespaces = `${prefix}:store:namespaces`;
    this.definition = `${prefix}:store:index`;
    this.nextDefinition = `${prefix}:store:index:next`;
    this.indexAlias = `${prefix}:store`;
  }

  /** The index of one generation: reindex() builds the next one beside it. */
  indexName(generation: number): string {
    return `${this.prefix}:store:${generation}`;
  }

  ofNamespace(namespace: readonly string[]): NamespaceKeys {
    const base = `${this.prefix}:store:ns:{${hashTag(namespace)}}`;
    return { items: `${base}:items`, expiry: `${base}:expiry` };
  }

  ofItem(namespace: readonly string[], key: string): ItemKeys {
    const member = encodeKeyPart(key);
    return {
      document: this.documentsOf(namespace) + member,
      member,
      namespace: this.ofNamespace(namespace),
    };
  }

  /** What all documents of a namespace begin with; the rest is the member, and the number of a further document. */
  documentsOf(namespace: readonly string[]): string {
    return `${this.documentPrefix}${hashTag(namespace)}}:`;
  }

  /** Reads the key of a document. `undefined` when it is not one of ours. */
  parseDocument(redisKey: string): DocumentAddress | undefined {
    const end = redisKey.indexOf("}:", this.documentPrefix.length);
    if (!redisKey.startsWith(this.documentPrefix) || end === -1) return undefined;
    const part = redisKey.indexOf(":", end + 2);
    const document = part === -1 ? redisKey : redisKey.slice(0, part);
    try {
      return {
        document,
        namespace: decodeNamespace(redisKey.slice(this.documentPrefix.length, end)),
        key: decodeKeyPart(document.slice(end + 2)),
      };
    } catch {
      return undefined; // not percent-encoded by us
    }
  }
}

/** What places the keys of a namespace in one slot: never empty, as Redis would not take that for a tag. */
function hashTag(namespace: readonly string[]): string {
  return encodeNamespace(namespace) || ":";
}

/** Whose document a Redis key is. */
export interface DocumentAddress {
  /** The item's own document, whichever of its documents was asked about. */
  document: string;
  namespace: string[];
  key: string;
}

import { encodeKeyPart } from "../redis/key-encoding.js";
import { PARTITIONS, partitionOf } from "../redis/partition.js";

/** The Redis keys of one namespace of a cache: all of them in one slot of a cluster. */
export interface CacheNamespaceKeys {
  /** Hash: entries without a time to live. */
  readonly permanent: string;
  /** Hash: entries with one. It expires with the last of them. */
  readonly expiring: string;
  /** Sorted set: names of the entries in `expiring` by the moment at which they expire, in milliseconds. */
  readonly deadlines: string;
  /** Sorted set: the partition's namespaces by the moment at which their last entry expires, which may be infinite. */
  readonly registry: string;
  /** What the keys of the partition's namespaces begin with. */
  readonly base: string;
  /** The namespace's name in the registry. */
  readonly name: string;
}

/** The registry of a partition, and what the keys of its namespaces begin with. */
export type CachePartitionKeys = Pick<CacheNamespaceKeys, "registry" | "base">;

/** Every Redis key of one cache is made here, and nowhere else. */
export class CacheKeys {
  constructor(private readonly prefix: string) {}

  ofNamespace(namespace: readonly string[]): CacheNamespaceKeys {
    // Every label is terminated: distinct namespaces have distinct names.
    const name = namespace.map((label) => `${encodeKeyPart(label)}:`).join("");
    const { registry, base } = this.ofPartition(partitionOf(name));
    const own = base + name;
    return {
      permanent: `${own}permanent`,
      expiring: `${own}expiring`,
      deadlines: `${own}deadlines`,
      registry,
      base,
      name,
    };
  }

  partitions(): CachePartitionKeys[] {
    return Array.from({ length: PARTITIONS }, (_, partition) => this.ofPartition(partition));
  }

  private ofPartition(partition: number): CachePartitionKeys {
    return {
      registry: `${this.prefix}:cache:namespaces:{${partition}}`,
      base: `${this.prefix}:cache:ns:{${partition}}:`,
    };
  }
}

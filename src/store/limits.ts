/** How much is read or written at once. What is larger is read in several pages, written in several parts. */
export interface Limits {
  /** Namespaces that are read from the registry of a partition in one round trip. */
  readonly registryPage: number;
  /** Registries that one script reads, where they are on one server. */
  readonly partitionsTogether: number;
  /** Namespaces that a search without a search engine reads side by side. */
  readonly scanNamespaces: number;
  /** Items that a listing reads the values of at a time. */
  readonly listPage: number;
  /** Writes of a batch that are sent together. */
  readonly writesTogether: number;
  /** Bytes that they send, about. */
  readonly writeBytes: number;
  /** Documents that a ranking returns with their values, at most, and items that are then read in one round trip. */
  readonly rankedValues: number;
  /** Items of each ranking that a hybrid search fuses. */
  readonly rankWindow: number;
  /** Items that a listing with a filter looks at first. */
  readonly filterPage: number;
  /** Items that a listing goes through in their order. Where more have to be, it goes through all under its path. */
  readonly listWindow: number;
  /** Namespaces that `deleteNamespace` empties side by side. */
  readonly deleteNamespaces: number;
  /** Milliseconds for which `reindex` keeps others from it without a sign of life. */
  readonly reindexLease: number;
}

const DEFAULT_LIMITS: Limits = {
  registryPage: 400,
  partitionsTogether: 16,
  scanNamespaces: 4_000,
  listPage: 1_000,
  writesTogether: 1_000,
  writeBytes: 4_000_000,
  rankedValues: 1_000,
  rankWindow: 100,
  filterPage: 100,
  listWindow: 10_000,
  deleteNamespaces: 16,
  reindexLease: 30_000,
};

/** Under this name tests add smaller limits to a store's options, so that a few items are several pages. */
export const LIMITS = Symbol("limits");

/** The limits of a store with these options. */
export function limitsOf(options: object): Limits {
  return { ...DEFAULT_LIMITS, ...Reflect.get(options, LIMITS) };
}

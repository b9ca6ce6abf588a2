/** How much is read at once. What is larger is read in several pages. */
export interface Limits {
  /** Checkpoints that `list` fetches in one round trip. */
  readonly listPage: number;
  /** Checkpoints whose metadata `list` compares with a filter in one round trip. */
  readonly filterPage: number;
  /** Ids of checkpoints that `list` fetches in one round trip when it has to put namespaces in order. */
  readonly idPage: number;
  /** Namespaces that these ids are of. */
  readonly namespacePage: number;
  /** Ancestors that `getDeltaChannelHistory` looks at in one round trip. */
  readonly historyPage: number;
  /** Bytes after which a page of `list` or `getDeltaChannelHistory` ends. */
  readonly pageBytes: number;
  /** The same for the first page, after which the caller may have seen enough. */
  readonly firstPageBytes: number;
  /** Threads that `listThreads` reads from one partition in one round trip, at most. */
  readonly threadsPage: number;
  /** Threads of a run that `deleteForRuns` reads from one partition in one round trip. */
  readonly runsPage: number;
  /** Namespaces that `threadStats` counts in one round trip. */
  readonly namespacesPage: number;
  /** How much one script of `prune` or `deleteForRuns` does, in units of about 10 microseconds. */
  readonly removal: number;
  /** Fields in one call of a script: Redis limits the arguments of a call from Lua. */
  readonly scriptBatch: number;
}

const DEFAULT_LIMITS: Limits = {
  listPage: 100,
  filterPage: 300,
  idPage: 600,
  namespacePage: 150,
  historyPage: 150,
  pageBytes: 1_000_000,
  firstPageBytes: 250_000,
  threadsPage: 100,
  runsPage: 100,
  namespacesPage: 500,
  removal: 150,
  scriptBatch: 1_000,
};

/** Under this name tests add smaller limits to a saver's options, so that a few checkpoints are several pages. */
export const LIMITS = Symbol("limits");

/** The limits of a saver with these options. */
export function limitsOf(options: object): Limits {
  return { ...DEFAULT_LIMITS, ...Reflect.get(options, LIMITS) };
}

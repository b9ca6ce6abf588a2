/** How much is read at once. What is larger is read in several pages. */
export interface Limits {
  /** Namespaces that are read from the registry in one round trip. */
  readonly registryPage: number;
  /** Namespaces that one command looks at, to see whether they all hold items. */
  readonly existsTogether: number;
  /** Namespaces that a search without a search engine reads side by side. */
  readonly scanNamespaces: number;
  /** Items that a listing asks for when the first page had too few that match. */
  readonly listPage: number;
  /** Namespaces that `deleteNamespace` empties side by side. */
  readonly deleteNamespaces: number;
}

const DEFAULT_LIMITS: Limits = {
  registryPage: 10_000,
  existsTogether: 100,
  scanNamespaces: 250,
  listPage: 1_000,
  deleteNamespaces: 16,
};

/** Under this name tests add smaller limits to a store's options, so that a few items are several pages. */
export const LIMITS = Symbol("limits");

/** The limits of a store with these options. */
export function limitsOf(options: object): Limits {
  return { ...DEFAULT_LIMITS, ...Reflect.get(options, LIMITS) };
}

/** Where a store is. */
export type Place = { readonly url: string } | { readonly rootNodes: readonly { readonly url: string }[] };

/** What a process is to do with a store of its own. Data only: it is sent to the process. */
export type Job = {
  readonly place: Place;
  readonly keyPrefix: string;
  readonly engine: "search" | "core";
  /** Of the vectors; without it the store has no index. */
  readonly dims?: number;
  /** Milliseconds after which another process takes over from this one, when it is killed in `reindex`. */
  readonly reindexLease?: number;
  /** Commands after which the process is killed, also between two of one pipeline. */
  readonly left?: number;
} & (
  | Churn
  /** Puts items of its own, one after the other. */
  | { readonly do: "write"; readonly name: string }
  /** Searches, and is content with all of these keys, or with being told that the index is another one. */
  | {
      readonly do: "read";
      readonly path: readonly string[];
      readonly query: string;
      readonly keys: readonly string[];
    }
  | { readonly do: "reindex"; readonly batchSize: number }
);

/** Puts and deletes the same few items as others do. */
export interface Churn {
  readonly do: "churn";
  readonly namespaces: readonly string[][];
  readonly keys: readonly string[];
}

/** What a process tells: what was done when it tells it. */
export type News =
  | { readonly news: "deleted"; readonly count: number }
  | { readonly news: "acknowledged" | "refused"; readonly keys: readonly string[] }
  | { readonly news: "read"; readonly outcome: "all" | "refused" }
  | { readonly news: "pass"; readonly phase: "rewriting" | "clearing" }
  | { readonly news: "reindexed"; readonly items: number; readonly embedded: number; readonly reused: number }
  | { readonly news: "conflict" }
  | { readonly news: "failed"; readonly error: string };

/** An item of a process that writes. */
export function writtenItem(key: string) {
  const [, name = "", n = ""] = key.split("-");
  return {
    namespace: ["w", `${Number(n) % 9}`, name],
    key,
    value: { text: `text ${key.replaceAll("-", "")}` },
  };
}

import type { ElementSpec, ValueSpec } from "./values.js";

/** A checkpoint, or "the latest one" of a namespace. */
export interface Place {
  readonly thread: string;
  readonly ns: string;
  readonly id?: string;
}

export interface PutCommand extends Place {
  readonly do: "put";
  readonly id: string;
  readonly parent?: string;
  readonly source: "loop" | "fork" | "update";
  readonly values: readonly (readonly [channel: string, value: ValueSpec])[];
  readonly versions: Readonly<Record<string, number>>;
  /** The channels of `newVersions`; null to leave it out. */
  readonly changed: readonly string[] | null;
  /** The delta channels that the metadata name. */
  readonly counters: readonly string[];
  readonly parents: Readonly<Record<string, string>>;
  readonly run?: string;
  /** Where the run is named. */
  readonly runIn: "configurable" | "config" | "metadata";
  readonly step: number;
  readonly tag: string;
  /** Objects that are edited in place instead of being replaced: what they were, and what they become. */
  readonly edited: readonly (readonly [from: ElementSpec, to: ElementSpec])[];
  /** Whether lists of this thread and namespace keep their identity. */
  readonly inPlace: boolean;
}

export interface PutWritesCommand extends Place {
  readonly do: "putWrites";
  readonly id: string;
  readonly task: string;
  readonly path?: string;
  readonly writes: readonly (readonly [channel: string, value: ElementSpec])[];
}

export interface ListCommand {
  readonly do: "list";
  readonly thread?: string;
  readonly ns?: string;
  readonly id?: string;
  readonly before?: string;
  readonly limit?: number;
  readonly filter?: Readonly<Record<string, unknown>>;
}

/** What a saver is asked to do. Data only: it is sent to other processes, and printed. */
export type Command =
  | PutCommand
  | PutWritesCommand
  | ListCommand
  /** `adopt`: what is read is the living state from then on, whose objects are put again. */
  | (Place & { readonly do: "getTuple"; readonly adopt: boolean })
  | (Place & { readonly do: "history"; readonly channels: readonly string[] })
  | { readonly do: "copyThread"; readonly source: string; readonly target: string }
  | { readonly do: "deleteThread"; readonly thread: string }
  | {
      readonly do: "prune";
      readonly threads: readonly string[];
      readonly options: Readonly<Record<string, unknown>>;
    }
  | { readonly do: "deleteForRuns"; readonly runs: readonly string[] }
  | { readonly do: "expire"; readonly thread: string; readonly minutes: number }
  | { readonly do: "persist"; readonly thread: string }
  /** All pages of so many threads. */
  | { readonly do: "listThreads"; readonly limit: number; readonly orderBy: "createdAt" | "updatedAt" }
  /** Replaces the saver by one that knows nothing. */
  | { readonly do: "restart" };

/** A thread that is listed, with the times that the list may go by. */
export interface ThreadText {
  readonly thread: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What came of a command: its result as JSON data, or the class of the error. */
export type Outcome = { readonly value: unknown } | { readonly error: string; readonly message: string };

/** A tuple as JSON data. */
export interface TupleText {
  readonly ns: string;
  readonly id: string;
  readonly parent: string | null;
  readonly values: readonly (readonly [channel: string, value: string])[];
  readonly versions: string;
  readonly metadata: string;
  /** Everything else. */
  readonly rest: string;
  readonly writes: readonly (readonly [task: string, channel: string, value: string])[];
}

import { ERROR, INTERRUPT, RESUME } from "@langchain/langgraph-checkpoint";
import type { ElementSpec } from "./values.js";

// What happens, as data: a failing sequence is printed, shortened and played again. Numbers choose among what is there
// when a step is played, so that every part of a sequence is a sequence.

/** Which checkpoint: the newest, one further back, one that was removed, one that never was, one that is to come, none. */
export type Which = "newest" | "older" | "removed" | "never" | "next" | "none";

export type Edit =
  | { readonly edit: "append" | "list"; readonly channel: number; readonly elements: readonly ElementSpec[] }
  | {
      readonly edit: "replace" | "insert";
      readonly channel: number;
      readonly at: number;
      readonly element: ElementSpec;
    }
  | { readonly edit: "revise"; readonly channel: number; readonly at: number; readonly inPlace: boolean }
  | { readonly edit: "remove" | "trim" | "pop"; readonly channel: number; readonly at: number }
  | { readonly edit: "set"; readonly channel: number; readonly element: ElementSpec }
  | {
      readonly edit: "copy";
      readonly channel: number;
      readonly thread: number;
      readonly ns: number;
      readonly from: number;
    }
  | { readonly edit: "drop"; readonly channel: number; readonly version: boolean };

/** What becomes of a delta channel: it goes on, comes, leaves the graph, or is stored whole. */
export type DeltaChange = "written" | "kept" | "comes" | "leaves" | "snapshot";

interface By {
  /** The saver, of {@link SAVERS}. */
  readonly by: number;
}
export interface At extends By {
  readonly thread: number;
  readonly ns: number;
  readonly which: Which;
  /** Which of them. */
  readonly back: number;
}

export type PutStep = At & {
  readonly step: "put";
  readonly how: "step" | "twice" | "again" | "copy" | "update";
  readonly edits: readonly Edit[];
  readonly deltas: readonly DeltaChange[];
  readonly changed: "exact" | "left out" | "more";
  readonly run: number;
  readonly runIn: "configurable" | "config" | "metadata";
  readonly prefix: number;
  readonly tag: string;
  readonly inPlace: boolean;
  /** The saver that reads it. */
  readonly reader: number | undefined;
};

export type Step =
  | PutStep
  | (At & {
      readonly step: "writes";
      readonly task: number;
      readonly path: string | undefined;
      readonly writes: readonly (readonly [channel: number, element: ElementSpec])[];
      readonly reader: number | undefined;
    })
  | (At & { readonly step: "get"; readonly adopt: boolean })
  | (At & { readonly step: "history" })
  | (At & {
      readonly step: "list";
      readonly scope: "all" | "thread" | "namespace" | "one";
      readonly limit: number | undefined;
      readonly before: boolean;
      readonly filter: Readonly<Record<string, unknown>> | undefined;
    })
  /** An earlier put is sent again. */
  | (By & { readonly step: "retry"; readonly back: number })
  | (By & { readonly step: "copy"; readonly thread: number; readonly to: number })
  | (By & { readonly step: "delete"; readonly thread: number })
  | (By & {
      readonly step: "prune";
      readonly threads: readonly number[];
      readonly options: Readonly<Record<string, unknown>>;
    })
  | (By & { readonly step: "delete runs"; readonly runs: readonly number[] })
  /** Minutes; 0 for ever. */
  | (By & { readonly step: "live"; readonly thread: number; readonly minutes: number })
  | (By & { readonly step: "expire"; readonly thread: number })
  | { readonly step: "evict"; readonly thread: number; readonly key: number }
  | (By & { readonly step: "threads"; readonly limit: number; readonly orderBy: "createdAt" | "updatedAt" })
  | (By & { readonly step: "restart" })
  /** Steps that different savers take at the same time. */
  | { readonly step: "together"; readonly steps: readonly Step[] }
  | EndStep;

/** Everything is compared and deleted. */
export interface EndStep {
  readonly step: "end";
  readonly readers: readonly number[];
  readonly deleters: readonly number[];
  /** Whether what is stored is checked against itself, which takes as long as some sequences. */
  readonly audit: boolean;
}

/** What a block of sequences is played on. */
export interface Stage {
  readonly history: "all" | "latest";
  readonly customSerde: boolean;
  readonly threads: readonly string[];
  readonly spaces: readonly string[];
  readonly channels: readonly string[];
  readonly deltas: readonly string[];
  readonly tasks: readonly string[];
  readonly runs: readonly string[];
  /** What ids begin with. */
  readonly prefixes: readonly string[];
}

/** Sequences that follow one another on one stage, with the same savers. */
export interface Block {
  readonly stage: Stage;
  readonly sequences: readonly (readonly Step[])[];
}

/** The channels of special writes. */
export const SPECIAL = [ERROR, INTERRUPT, RESUME];

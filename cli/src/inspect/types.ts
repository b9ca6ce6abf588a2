/** Plain JSON data: what the commands print, what `--json` writes, and what the viewer shows. Dates are ISO 8601 texts. */

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A part of a list that may be long. */
export interface Page<Row> {
  rows: Row[];
  /** Gives the next page when it is passed on as `cursor`; absent at the end. */
  next?: string;
}

export interface ThreadRow {
  threadId: string;
  createdAt: string;
  updatedAt: string;
  /** Absent for a thread that stays. */
  expiresAt?: string;
  checkpoints: number;
  /** How many checkpoint namespaces have any. */
  namespaces: number;
  /** Memory on the server; absent where the server does not tell. */
  bytes?: number;
  /** Step and source of the newest checkpoint of the root graph; absent when it has none, or is encrypted. */
  lastStep?: number;
  source?: string;
  /** Whether that checkpoint is encrypted with a key that was not given. */
  encrypted?: true;
}

/** A checkpoint without its values. */
export interface CheckpointNode {
  checkpointId: string;
  /** The checkpoint namespace: `""` for the root graph, `"node:task-id"` for a subgraph. */
  ns: string;
  parentId?: string;
  ts?: string;
  /** Absent when the checkpoint is encrypted with a key that was not given, or its metadata do not say. */
  step?: number;
  source?: string;
  /** Bytes of its record and its pending writes; chunks are shared among checkpoints, and not counted. */
  bytes: number;
  hasInterrupt: boolean;
  hasError: boolean;
  /** How many values tasks wrote after this checkpoint and before the next one. */
  pendingWrites: number;
  encrypted?: true;
}

/** A page of the checkpoints of a thread, newest first in each namespace. */
export interface ThreadTree {
  threadId: string;
  namespaces: { ns: string; nodes: CheckpointNode[] }[];
  next?: string;
}

export interface ToolCallView {
  id?: string;
  name: string;
  args: Json;
}

export interface MessageView {
  id?: string;
  /** `human`, `ai`, `system`, `tool`, or what else the message's type is. */
  role: string;
  name?: string;
  /** Its text; other blocks of content are named in brackets, for example `[image_url]`. */
  text: string;
  toolCalls?: ToolCallView[];
  /** Of the result of a tool: which call it answers. */
  toolCallId?: string;
  usage?: Json;
  raw: Json;
}

export interface ChannelView {
  name: string;
  version?: string | number;
  kind: "messages" | "json";
  messages?: MessageView[];
  json?: Json;
}

export interface WriteView {
  taskId: string;
  channel: string;
  kind: "messages" | "json";
  messages?: MessageView[];
  json?: Json;
}

/** The state that a checkpoint holds. */
export interface StateView {
  threadId: string;
  ns: string;
  checkpointId: string;
  parentId?: string;
  ts?: string;
  /** Absent, as channels and pending writes then are, when it is encrypted with a key that was not given. */
  metadata?: Json;
  encrypted?: { keyId?: string };
  /** Bytes of its record and its pending writes. */
  bytes?: number;
  channels: ChannelView[];
  pendingWrites: WriteView[];
}

export interface ListDiff {
  added: Json[];
  removed: Json[];
  changed: { before: Json; after: Json }[];
  /** How many elements are the same in both. */
  same: number;
}

export interface ChannelDiff {
  name: string;
  change: "added" | "removed" | "changed" | "same";
  /** How a list differs; elements with an id are matched by it. */
  list?: ListDiff;
  before?: Json;
  after?: Json;
}

export interface StateDiff {
  threadId: string;
  from: { ns: string; checkpointId: string };
  to: { ns: string; checkpointId: string };
  channels: ChannelDiff[];
}

export interface NamespaceRow {
  namespace: string[];
  /** The namespace as the command line writes it, see `path.ts`. */
  path: string;
  /** Items of the namespace itself, without those of namespaces below it. */
  items: number;
}

export interface ItemRow {
  namespace: string[];
  path: string;
  key: string;
  /** Absent when it is encrypted with a key that was not given. */
  value?: Json;
  /** Absent, as `updatedAt` and `version` then are, when it is encrypted so. */
  createdAt?: string;
  updatedAt?: string;
  version?: number;
  expiresAt?: string;
  /** How well it fits a query. */
  score?: number;
  /** How many vectors it has; given for a single item only. */
  vectors?: number;
  /** Whether JSON has no form for parts of the value, such as bytes, which `value` describes; given for a single item only. */
  described?: true;
  encrypted?: true;
}

export type Level = "ok" | "info" | "warning" | "error";

/** Something that `doctor` looked at. */
export interface Finding {
  level: Level;
  /** Stable, for programs: `maxmemory-policy`. */
  code: string;
  /** The server that it is about, where there are several. */
  node?: string;
  title: string;
  why: string;
  /** The command or setting that mends it. */
  fix?: string;
}

export interface Diagnosis {
  findings: Finding[];
  /** The worst level among the findings. */
  level: Level;
}

/** What a server says of itself now. */
export interface ServerRow {
  node: string;
  /** Bytes. */
  usedMemory: number;
  /** Bytes; 0 for none. */
  maxMemory: number;
  operationsPerSecond: number;
  clients: number;
}

/** What takes memory, as a sample of the keys tells. */
export interface MemorySample {
  /** The kinds of keys in the sample, those that take most memory coming first. */
  kinds: { kind: string; keys: number; bytes: number }[];
  /** How many different keys were looked at. */
  sampled: number;
}

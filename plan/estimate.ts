/** What is to be stored. */
export interface Workload {
  /** Threads that are there at one time. */
  readonly threads: number;
  /** Messages of each. */
  readonly messages: number;
  /** Characters of a message. */
  readonly messageSize: number;
  /** Checkpoints that LangGraph makes for each message: 1.5 for a user's message answered by a graph of one node. */
  readonly checkpointsPerMessage: number;
  /** The saver's option of that name. */
  readonly history: "all" | "latest";
  /** Items of the store. */
  readonly items: number;
  /** Characters of an item's value as JSON. */
  readonly itemSize: number;
  /** Dimensions of the vectors, one for each item; 0 for a store without `index`. */
  readonly dims: number;
  readonly engine: "search" | "core";
}

/** Bytes of Redis memory, replicas not counted. */
export interface Estimate {
  readonly perThread: number;
  readonly threads: number;
  readonly perItem: number;
  readonly items: number;
  readonly total: number;
}

/** A message as JSON is this much longer than its text: its class, its id, its empty fields. */
const MESSAGE_FIELDS = 212;
/** What the allocator rounds up to, on average. */
const ROUNDING = 1.12;
/** A turn's input is stored twice, once as LangGraph's channel for it: half of the messages of a conversation. */
const INPUT_COPY = 0.5;
/** A record with its place in the order, and the pending writes that lead to it. */
const CHECKPOINT = 1_080;
/** A thread's keys and its entry in the registry; with "latest" also chunks that wait to be freed. */
const THREAD = { all: 1_500, latest: 8_000 };

/** What an item costs beside its text and its vector; what one character of it costs; copies of the vector. */
const ITEM = {
  search: { plain: 1_420, indexed: 3_020, character: 1.9, vectors: 2.2 },
  core: { plain: 1_040, indexed: 1_520, character: 1.5, vectors: 1.25 },
};

/**
 * Estimates the memory that a workload takes in Redis. The constants were measured on Redis 7.0 with jemalloc; a test
 * compares the estimate with a real server.
 */
export function estimate(workload: Workload): Estimate {
  const perThread = bytesOfThread(workload);
  const perItem = bytesOfItem(workload);
  const threads = perThread * workload.threads;
  const items = perItem * workload.items;
  return { perThread, threads, perItem, items, total: threads + items };
}

function bytesOfThread({ messages, messageSize, checkpointsPerMessage, history }: Workload): number {
  const message = (messageSize + MESSAGE_FIELDS) * ROUNDING;
  if (history === "latest") return THREAD.latest + messages * message;
  return THREAD.all + messages * (message * (1 + INPUT_COPY) + checkpointsPerMessage * CHECKPOINT);
}

function bytesOfItem({ itemSize, dims, engine }: Workload): number {
  const { plain, indexed, character, vectors } = ITEM[engine];
  return (dims > 0 ? indexed : plain) + itemSize * character + dims * 4 * vectors;
}

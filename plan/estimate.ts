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

/** What is left of English text when it is packed, with what the allocator rounds up to. Other text may take more. */
const PACKED = 0.46;
/** What a message takes beside its text, packed: its class, its id, its empty fields. */
const MESSAGE_FIELDS = 40;
/**
 * A message stands in the list and in the pending write that brought it; a turn's input, half of the messages, also in LangGraph's
 * channel for it.
 */
const COPIES = 2.5;
/** A record with its place in the order, and the entries of the pending writes that lead to it. */
const CHECKPOINT = 805;
/** A thread's keys and its entries in the indexes. */
const THREAD = { all: 1_000, latest: 1_900 };

/** What an item costs beside its text and its vector; what one character of it costs; copies of the vector. */
const ITEM = {
  search: { plain: 1_490, indexed: 2_360, character: 1, vectors: 2.3 },
  core: { plain: 1_000, indexed: 1_520, character: 1, vectors: 1.13 },
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
  const message = messageSize * PACKED + MESSAGE_FIELDS;
  if (history === "latest") return THREAD.latest + messages * message;
  return THREAD.all + messages * (message * COPIES + checkpointsPerMessage * CHECKPOINT);
}

function bytesOfItem({ itemSize, dims, engine }: Workload): number {
  const { plain, indexed, character, vectors } = ITEM[engine];
  return (dims > 0 ? indexed : plain) + itemSize * character + dims * 4 * vectors;
}

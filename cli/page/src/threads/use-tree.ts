import { useEffect, useRef, useState } from "preact/hooks";
import type { CheckpointNode, ThreadTree } from "../../../src/inspect/types.js";
import { ApiError, get } from "../api.js";

export interface TreeData {
  readonly namespaces: readonly { ns: string; nodes: readonly CheckpointNode[] }[];
  readonly total: number;
  readonly complete: boolean;
  /** Whether the thread was there, and is not any more: what is shown is what was read last. */
  readonly gone: boolean;
  readonly error: Error | undefined;
}

const NOTHING: TreeData = { namespaces: [], total: 0, complete: false, gone: false, error: undefined };

/** How many checkpoints are asked for at a time. */
const FIRST_PAGE = 200;
const FURTHER_PAGES = 2_000;

/** Milliseconds between two looks for new checkpoints. */
const LIVE = 1_500;

/**
 * The checkpoints of a thread: the newest ones first, then page by page all others, then what is added while the page is open.
 */
export function useTree(threadId: string | undefined): TreeData {
  const [state, setState] = useState<{ threadId: string | undefined; data: TreeData }>({
    threadId,
    data: NOTHING,
  });
  const shown = useRef(threadId);
  shown.current = threadId;

  useEffect(() => {
    if (threadId === undefined) return;
    const abort = new AbortController();
    const collected = new Map<string, Map<string, CheckpointNode>>();
    const publish: Publish = ({ complete, gone = false, error }) => {
      if (abort.signal.aborted) return;
      const namespaces = [...collected].map(([ns, nodes]) => ({ ns, nodes: [...nodes.values()] }));
      const total = namespaces.reduce((sum, { nodes }) => sum + nodes.length, 0);
      setState({ threadId, data: { namespaces, total, complete, gone, error } });
    };
    follow(threadId, abort.signal, collected, publish).catch((error: Error) =>
      publish({ complete: true, error }),
    );
    return () => abort.abort();
  }, [threadId]);

  return state.threadId === threadId ? state.data : NOTHING;
}

type Publish = (now: { complete: boolean; gone?: boolean; error?: Error }) => void;

async function follow(
  thread: string,
  signal: AbortSignal,
  collected: Map<string, Map<string, CheckpointNode>>,
  publish: Publish,
): Promise<void> {
  let cursor: string | undefined;
  do {
    // Few first, so that there is soon something to see.
    const limit = cursor === undefined ? FIRST_PAGE : FURTHER_PAGES;
    const page = await get<ThreadTree>("tree", { thread, cursor, limit }, signal);
    add(page, collected);
    cursor = page.next;
    publish({ complete: cursor === undefined });
  } while (cursor !== undefined);

  let gone = false;
  for (let round = 1; !signal.aborted; round++) {
    await pause(LIVE, signal);
    if (document.hidden) continue;
    // From the newest known one on, to which pending writes may have come. Now and then somewhat more, as clocks differ, and older
    // checkpoints get pending writes when a run goes on from them. Checkpoints themselves are never changed.
    const asked = gone || round % 6 === 0 ? { thread, limit: 100 } : { thread, since: newestId(collected) };
    const page = await get<ThreadTree>("tree", asked, signal).catch(whatFailed);
    if (page === "gone") {
      if (!gone) publish({ complete: true, gone: true });
      gone = true;
    } else if (page !== undefined) {
      // A thread of that name again has nothing of the one that was deleted.
      if (gone) collected.clear();
      gone = false;
      if (add(page, collected)) publish({ complete: true });
    }
  }
}

/** Anything but that the thread is gone may be over when it is asked for again. */
function whatFailed(error: unknown): "gone" | undefined {
  return error instanceof ApiError && error.status === 404 ? "gone" : undefined;
}

/** Whether there was anything new, or something has changed: pending writes come to a checkpoint that is there. */
function add(page: ThreadTree, collected: Map<string, Map<string, CheckpointNode>>): boolean {
  let changed = false;
  for (const { ns, nodes } of page.namespaces) {
    const own = collected.get(ns) ?? new Map<string, CheckpointNode>();
    collected.set(ns, own);
    for (const node of nodes) {
      const known = own.get(node.checkpointId);
      if (known !== undefined && JSON.stringify(known) === JSON.stringify(node)) continue;
      own.set(node.checkpointId, node);
      changed = true;
    }
  }
  return changed;
}

function newestId(collected: Map<string, Map<string, CheckpointNode>>): string | undefined {
  let newest: string | undefined;
  for (const nodes of collected.values()) {
    for (const id of nodes.keys()) if (newest === undefined || id > newest) newest = id;
  }
  return newest;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

import { useCallback, useMemo } from "preact/hooks";
import type { About } from "../about.js";
import { Busy, Empty, Failure } from "../components/notice.js";
import { Name } from "../components/text.js";
import { count, number } from "../format.js";
import { navigate, type Route } from "../route.js";
import { CheckpointPane } from "./checkpoint-pane.js";
import { CheckpointTree } from "./drawing.js";
import { nodeKey, type PlacedNode } from "./layout.js";
import { ThreadActions } from "./thread-actions.js";
import { ThreadList } from "./thread-list.js";
import { type TreeData, useTree } from "./use-tree.js";

export function ThreadsView({ route, about }: { route: Route; about: About }) {
  // On a narrow window one pane is shown: the one that was come to last.
  const pane = route.thread === undefined ? "list" : route.checkpoint === undefined ? "main" : "detail";
  return (
    <div class="panes three" data-pane={pane}>
      <ThreadList route={route} />
      {route.thread === undefined ? (
        <section class="pane main-pane" aria-label="Checkpoints">
          <Empty>Choose a thread to see its checkpoints.</Empty>
        </section>
      ) : (
        <Thread key={route.thread} threadId={route.thread} route={route} write={about.write} />
      )}
    </div>
  );
}

function Thread({ threadId, route, write }: { threadId: string; route: Route; write: boolean }) {
  const tree = useTree(threadId);
  const newest = useMemo(() => newestOf(tree), [tree]);
  const ns = route.checkpoint === undefined ? newest?.ns : (route.ns ?? "");
  const checkpointId = route.checkpoint ?? newest?.checkpointId;
  const nodes = tree.namespaces.find((namespace) => namespace.ns === (ns ?? ""))?.nodes;
  const size = nodes?.find((node) => node.checkpointId === checkpointId)?.bytes;
  const select = useCallback(
    ({ node }: PlacedNode) =>
      navigate({ view: "threads", thread: threadId, ns: node.ns, checkpoint: node.checkpointId }),
    [threadId],
  );
  return (
    <>
      <section class="pane main-pane" aria-label="Checkpoints">
        <header class="pane-head">
          <a class="back" href="#view=threads">
            Threads
          </a>
          <h2>
            <Name text={threadId} />
          </h2>
          <span class="dim" role="status">
            {tree.complete ? count(tree.total, "checkpoint", "checkpoints") : `${number(tree.total)} …`}
          </span>
          {route.checkpoint !== undefined && (
            <button
              type="button"
              class="quiet"
              onClick={() => navigate({ view: "threads", thread: threadId })}
              title="Show the newest checkpoint, and each that follows"
            >
              Follow
            </button>
          )}
        </header>
        {write && tree.total > 0 && !tree.gone && <ThreadActions threadId={threadId} tree={tree} />}
        {tree.error !== undefined && <Failure error={tree.error} />}
        {tree.gone && (
          <p class="failure" role="alert">
            This thread was deleted, or has expired. What stands here was read before that.
          </p>
        )}
        {tree.total === 0 && !tree.complete && <Busy what="checkpoints" />}
        {tree.total === 0 && tree.complete && tree.error === undefined && (
          <Empty>There is no such thread.</Empty>
        )}
        {tree.total > 0 && (
          <CheckpointTree
            tree={tree}
            selected={checkpointId === undefined ? undefined : nodeKey(ns ?? "", checkpointId)}
            onSelect={select}
          />
        )}
      </section>
      <section class="pane detail-pane" aria-label="Checkpoint">
        <header class="pane-head narrow-only">
          <button type="button" class="back" onClick={() => navigate({ view: "threads", thread: threadId })}>
            Checkpoints
          </button>
        </header>
        {checkpointId !== undefined && (
          <CheckpointPane
            threadId={threadId}
            ns={ns ?? ""}
            checkpointId={checkpointId}
            write={write && !tree.gone}
            size={size}
          />
        )}
      </section>
    </>
  );
}

/** The newest checkpoint of the graph itself; of a thread that has none, of any namespace. */
function newestOf(tree: TreeData) {
  const root = tree.namespaces.find(({ ns }) => ns === "");
  const nodes =
    root !== undefined && root.nodes.length > 0 ? root.nodes : tree.namespaces.flatMap(({ nodes }) => nodes);
  return nodes.reduce(
    (best, node) => (best === undefined || node.checkpointId > best.checkpointId ? node : best),
    undefined as (typeof nodes)[number] | undefined,
  );
}

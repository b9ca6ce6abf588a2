import { useCallback, useState } from "preact/hooks";
import type { Page, ThreadRow } from "../../../src/inspect/types.js";
import { get } from "../api.js";
import { Busy, Empty, Failure } from "../components/notice.js";
import { SearchBox } from "../components/search-box.js";
import { Name } from "../components/text.js";
import { VirtualList } from "../components/virtual-list.js";
import { bytes, count, dateTime, relative, visible } from "../format.js";
import { navigate, type Route } from "../route.js";
import { usePages } from "../use-pages.js";

/** All threads, those that were written last first, and a search among them by id. */
export function ThreadList({ route }: { route: Route }) {
  const [search, setSearch] = useState("");
  const pages = usePages<ThreadRow>(search, (cursor, signal) =>
    get<Page<ThreadRow>>(
      "threads",
      { search: search || undefined, cursor, limit: cursor === undefined ? 100 : 500 },
      signal,
    ),
  );
  const select = useCallback((row: ThreadRow) => navigate({ view: "threads", thread: row.threadId }), []);
  const { rows, loading, complete, error, more, reload } = pages;
  return (
    <section class="pane list-pane" aria-label="Threads">
      <header class="pane-head">
        <h1>Threads</h1>
        <span class="dim" role="status">
          {loading && rows.length === 0 ? "" : `${rows.length.toLocaleString("en")}${complete ? "" : "+"}`}
        </span>
        <button type="button" class="quiet" onClick={reload} title="Load the newest threads again">
          Refresh
        </button>
      </header>
      <SearchBox label="Search thread ids" value={search} onSearch={setSearch} />
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {rows.length > 0 && (
        <VirtualList
          label="Threads"
          rows={rows}
          rowHeight={58}
          keyOf={threadIdOf}
          selected={route.thread}
          onSelect={select}
          onEnd={more}
          render={renderThread}
        />
      )}
      {rows.length === 0 && loading && <Busy what="threads" />}
      {rows.length === 0 && !loading && error === undefined && (
        <Empty>
          {search === ""
            ? "No threads under this key prefix."
            : `No thread id contains “${visible(search)}”.`}
        </Empty>
      )}
    </section>
  );
}

const threadIdOf = (row: ThreadRow) => row.threadId;

function renderThread(row: ThreadRow) {
  const step = row.encrypted ? "encrypted" : row.lastStep === undefined ? "" : `step ${row.lastStep}`;
  return (
    <div class="row" title={`updated ${dateTime(row.updatedAt)}`}>
      <Name text={row.threadId} class="row-title" />
      <span class="row-side">{relative(row.updatedAt)}</span>
      <span class="row-detail">
        {[step, count(row.checkpoints, "checkpoint", "checkpoints"), bytes(row.bytes)]
          .filter(Boolean)
          .join(" · ")}
      </span>
      {row.expiresAt !== undefined && <span class="row-side dim">expires {relative(row.expiresAt)}</span>}
    </div>
  );
}

import { useCallback, useMemo, useState } from "preact/hooks";
import type { NamespaceRow, Page } from "../../../src/inspect/types.js";
import type { About } from "../about.js";
import { get } from "../api.js";
import { Busy, Empty, Failure } from "../components/notice.js";
import { Name } from "../components/text.js";
import { VirtualList } from "../components/virtual-list.js";
import { count, number } from "../format.js";
import { navigate, type Route } from "../route.js";
import { usePages } from "../use-pages.js";
import { ItemPane } from "./item-pane.js";
import { ItemsPane } from "./items-pane.js";
import { type NamespaceNode, namespaceId, toRows } from "./namespace-tree.js";

export function MemoryView({ route, about }: { route: Route; about: About }) {
  const [round, setRound] = useState(0);
  const changed = useCallback(() => setRound((round) => round + 1), []);
  const pane = route.path === undefined ? "list" : route.key === undefined ? "main" : "detail";
  const path = route.path ?? [];
  return (
    <div class="panes three" data-pane={pane}>
      <Namespaces route={route} round={round} />
      <ItemsPane key={namespaceId(path)} path={path} route={route} about={about} round={round} />
      <section class="pane detail-pane" aria-label="Item">
        {route.key === undefined ? (
          <Empty>Choose an item to see all of it.</Empty>
        ) : (
          <ItemPane
            key={JSON.stringify([route.itemPath, route.key])}
            namespace={route.itemPath ?? path}
            itemKey={route.key}
            path={path}
            write={about.write}
            onChange={changed}
          />
        )}
      </section>
    </div>
  );
}

function Namespaces({ route, round }: { route: Route; round: number }) {
  const pages = usePages<NamespaceRow>(String(round), (cursor, signal) =>
    get<Page<NamespaceRow>>("namespaces", { cursor }, signal),
  );
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map());
  const open = useMemo(() => {
    const ids = new Set<string>([namespaceId([])]);
    // What is above the chosen namespace is open, and else what somebody opened.
    for (let depth = 0; depth < (route.path?.length ?? 0); depth++) {
      ids.add(namespaceId(route.path?.slice(0, depth) ?? []));
    }
    for (const [id, isOpen] of toggled) {
      if (isOpen) ids.add(id);
      else ids.delete(id);
    }
    return ids;
  }, [toggled, route.path]);
  const rows = useMemo(() => toRows(pages.rows, open), [pages.rows, open]);
  const select = useCallback((row: NamespaceNode) => navigate({ view: "memory", path: row.namespace }), []);
  const toggle = useCallback(
    (row: NamespaceNode, expand: boolean) => setToggled((old) => new Map(old).set(row.id, expand)),
    [],
  );
  const { error, loading, complete, more, reload } = pages;
  return (
    <section class="pane list-pane" aria-label="Namespaces">
      <header class="pane-head">
        <h1>Memory</h1>
        <span class="dim" role="status">
          {complete
            ? count(pages.rows.length, "namespace", "namespaces")
            : `${number(pages.rows.length)}+ namespaces`}
        </span>
        <button type="button" class="quiet" onClick={reload}>
          Refresh
        </button>
      </header>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {pages.rows.length > 0 && (
        <VirtualList
          label="Namespaces"
          rows={rows}
          rowHeight={34}
          keyOf={idOf}
          selected={namespaceId(route.path ?? [])}
          onSelect={select}
          onEnd={more}
          level={levelOf}
          expanded={(row) => (row.hasChildren ? open.has(row.id) : undefined)}
          onToggle={toggle}
          render={(row) => (
            <Namespace row={row} isOpen={open.has(row.id)} complete={complete} onToggle={toggle} />
          )}
        />
      )}
      {pages.rows.length === 0 && loading && <Busy what="namespaces" />}
      {pages.rows.length === 0 && !loading && error === undefined && (
        <Empty>No items under this key prefix.</Empty>
      )}
    </section>
  );
}

const idOf = (row: NamespaceNode) => row.id;
const levelOf = (row: NamespaceNode) => row.namespace.length + 1;

interface NamespaceProps {
  readonly row: NamespaceNode;
  readonly isOpen: boolean;
  readonly complete: boolean;
  readonly onToggle: (row: NamespaceNode, expand: boolean) => void;
}

function Namespace({ row, isOpen, complete, onToggle }: NamespaceProps) {
  const indent = Math.min(row.namespace.length, 12) * 16;
  const press = (event: MouseEvent) => {
    event.stopPropagation();
    onToggle(row, !isOpen);
  };
  return (
    <div class="namespace" style={{ paddingInlineStart: `${indent + 8}px` }}>
      <span class={`twist${row.hasChildren ? "" : " none"}${isOpen ? " open" : ""}`} onClick={press} />
      <Name text={row.label} class="namespace-label" />
      <span class="row-side">
        {number(row.items)}
        {complete ? "" : "+"}
      </span>
    </div>
  );
}

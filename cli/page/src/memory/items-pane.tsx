import { useCallback, useState } from "preact/hooks";
import type { ItemRow, Page } from "../../../src/inspect/types.js";
import type { About } from "../about.js";
import { get } from "../api.js";
import { Busy, Empty, Failure } from "../components/notice.js";
import { SearchBox } from "../components/search-box.js";
import { Name } from "../components/text.js";
import { VirtualList } from "../components/virtual-list.js";
import { beginning, dateTime, number, relative, visible } from "../format.js";
import { navigate, type Route } from "../route.js";
import { usePages } from "../use-pages.js";
import { FilterBox, parseFilter } from "./filter-box.js";
import { namespaceId } from "./namespace-tree.js";

type Mode = "text" | "vector";

interface ItemsPaneProps {
  readonly path: readonly string[];
  readonly route: Route;
  readonly about: About;
  readonly round: number;
}

/** The items in a namespace and below it: all of them, those that a filter lets through, or what a search finds. */
export function ItemsPane({ path, route, about, round }: ItemsPaneProps) {
  const { words, meaning } = about.search;
  const [query, setQuery] = useState("");
  const [filter, setFilter] = useState("");
  const [mode, setMode] = useState<Mode>(meaning ? "vector" : "text");
  const isSearch = query !== "";
  const pages = usePages<ItemRow>(JSON.stringify([path, query, filter, mode, round]), (cursor, signal) => {
    // What is being written is no error until it is complete.
    const valid = parseFilter(filter) === undefined ? undefined : filter;
    return isSearch
      ? get<Page<ItemRow>>("search", { path, query, mode, filter: valid, cursor }, signal)
      : get<Page<ItemRow>>("items", { path, filter: valid, cursor }, signal);
  });
  const select = useCallback(
    (row: ItemRow) => navigate({ view: "memory", path, itemPath: row.namespace, key: row.key }),
    [path],
  );
  const { rows, loading, complete, error, more, reload } = pages;
  const selected =
    route.key === undefined ? undefined : idOf({ namespace: route.itemPath ?? path, key: route.key });
  return (
    <section class="pane main-pane" aria-label="Items">
      <header class="pane-head">
        <a class="back" href="#view=memory">
          Memory
        </a>
        <h2>{path.length === 0 ? "All items" : <Name text={path.join(" / ")} />}</h2>
        <span class="dim" role="status">
          {loading && rows.length === 0 ? "" : `${number(rows.length)}${complete ? "" : "+"}`}
        </span>
      </header>
      <div class="filters">
        {(words || meaning) && (
          <SearchBox
            label={mode === "vector" ? "Search by meaning" : "Search by words"}
            value={query}
            onSearch={setQuery}
          />
        )}
        {words && meaning && (
          <label class="field-inline">
            <span class="hidden">How to search</span>
            <select value={mode} onChange={(event) => setMode(event.currentTarget.value as Mode)}>
              <option value="vector">meaning</option>
              <option value="text">words</option>
            </select>
          </label>
        )}
        <FilterBox value={filter} onFilter={setFilter} />
      </div>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {rows.length > 0 && (
        <VirtualList
          label="Items"
          rows={rows}
          rowHeight={76}
          keyOf={idOf}
          selected={selected}
          onSelect={select}
          onEnd={more}
          render={(row) => <Item row={row} path={path} />}
        />
      )}
      {rows.length === 0 && loading && <Busy what="items" />}
      {rows.length === 0 && !loading && error === undefined && <Empty>No item is found here.</Empty>}
    </section>
  );
}

const idOf = ({ namespace, key }: { namespace: readonly string[]; key: string }) =>
  `${namespaceId(namespace)}\n${key}`;

function Item({ row, path }: { row: ItemRow; path: readonly string[] }) {
  const below = row.namespace.slice(path.length);
  return (
    <div class="row" title={`updated ${dateTime(row.updatedAt)}`}>
      <Name text={row.key} class="row-title" />
      <span class="row-side">{relative(row.updatedAt)}</span>
      <span class="row-detail">
        <bdi>{row.encrypted ? "encrypted" : summary(row.value)}</bdi>
      </span>
      {row.score === undefined ? <span /> : <span class="score">{row.score.toFixed(3)}</span>}
      <span class="row-detail">{below.length > 0 && <Name text={below.join(" / ")} class="mono" />}</span>
      {row.expiresAt !== undefined && <span class="row-side">expires {relative(row.expiresAt)}</span>}
    </div>
  );
}

/** The first fields of a value on one line. */
function summary(value: unknown): string {
  if (typeof value !== "object" || value === null) return visible(beginning(String(value), 160));
  const parts = Object.entries(value)
    .slice(0, 6)
    .map(([name, field]) => {
      const text = typeof field === "string" ? field : (JSON.stringify(field) ?? "");
      return `${beginning(name, 40)}: ${beginning(text, 120)}`;
    });
  return visible(beginning(parts.join(" · "), 240));
}

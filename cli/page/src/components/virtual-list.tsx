import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

interface VirtualListProps<T> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly rowHeight: number;
  readonly keyOf: (row: T) => string;
  readonly selected: string | undefined;
  readonly onSelect: (row: T) => void;
  readonly render: (row: T) => ComponentChildren;
  /** Called when the end of the rows is near. */
  readonly onEnd?: () => void;
  /** More attributes of a row, for example the level of one in a tree. */
  readonly level?: (row: T) => number;
  readonly expanded?: (row: T) => boolean | undefined;
  /** Left and right arrow keys, in a tree. */
  readonly onToggle?: (row: T, expand: boolean) => void;
}

/**
 * A list of which only the rows in sight are in the document. Arrow keys move the choice; the list has the focus, and
 * names the chosen row as its active one.
 */
export function VirtualList<T>(props: VirtualListProps<T>) {
  const { label, rows, rowHeight, keyOf, selected, onSelect, render, onEnd, level, expanded, onToggle } =
    props;
  const box = useRef<HTMLDivElement>(null);
  const [, repaint] = useState(0);
  const [id] = useState(() => `list-${Math.random().toString(36).slice(2)}`);
  const virtualizer = useRef<Virtualizer<HTMLDivElement, HTMLElement> | undefined>(undefined);
  const options = {
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => repaint((round) => round + 1),
  };
  virtualizer.current ??= new Virtualizer(options);
  const list = virtualizer.current;
  list.setOptions(options);
  useLayoutEffect(() => list._didMount(), [list]);
  useLayoutEffect(() => list._willUpdate());

  const chosen = rows.findIndex((row) => keyOf(row) === selected);
  const shown = list.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 10) onEnd?.();
  }, [last, rows.length, onEnd]);
  useEffect(() => {
    if (chosen >= 0) list.scrollToIndex(chosen, { align: "auto" });
  }, [chosen, list]);

  const onKeyDown = (event: KeyboardEvent) => {
    const current = rows[chosen];
    if (current !== undefined && onToggle && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      event.preventDefault();
      return onToggle(current, event.key === "ArrowRight");
    }
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? rowHeight) / rowHeight) - 1);
    const moves: Record<string, number> = {
      ArrowDown: chosen + 1,
      ArrowUp: chosen < 0 ? 0 : chosen - 1,
      PageDown: chosen + page,
      PageUp: chosen - page,
      Home: 0,
      End: rows.length - 1,
    };
    const to = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
    if (to === undefined || rows.length === 0) return;
    event.preventDefault();
    const row = rows[Math.min(Math.max(to, 0), rows.length - 1)];
    if (row !== undefined) onSelect(row);
  };

  const tree = level !== undefined;
  const isShown = shown.some((item) => item.index === chosen);
  return (
    <div
      ref={box}
      class="virtual-list"
      role={tree ? "tree" : "listbox"}
      aria-label={label}
      aria-activedescendant={isShown ? `${id}-${chosen}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div class="virtual-space" role="presentation" style={{ height: `${list.getTotalSize()}px` }}>
        {shown.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <div
              key={keyOf(row)}
              id={`${id}-${item.index}`}
              class="virtual-row"
              role={tree ? "treeitem" : "option"}
              aria-selected={item.index === chosen}
              aria-setsize={tree ? undefined : rows.length}
              aria-posinset={tree ? undefined : item.index + 1}
              aria-level={level?.(row)}
              aria-expanded={expanded?.(row)}
              tabIndex={-1}
              style={{ height: `${rowHeight}px`, transform: `translateY(${item.start}px)` }}
              onClick={() => onSelect(row)}
            >
              {render(row)}
            </div>
          );
        })}
      </div>
    </div>
  );
}

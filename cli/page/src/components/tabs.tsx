import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

export interface Tab {
  readonly id: string;
  readonly title: string;
  /** Beside the title, for example a number. */
  readonly badge?: string | undefined;
}

interface TabsProps {
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly selected: string;
  readonly onSelect: (id: string) => void;
  readonly children: ComponentChildren;
}

/** Tabs as the ARIA authoring practices describe them: arrow keys go from tab to tab, Tab goes into the panel. */
export function Tabs({ label, tabs, selected, onSelect, children }: TabsProps) {
  const [base] = useState(() => `tabs-${Math.random().toString(36).slice(2)}`);
  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.id === selected);
    const moves: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: -1 };
    const to = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
    const tab = to === undefined ? undefined : (tabs.at(to) ?? tabs[0]);
    if (tab === undefined) return;
    event.preventDefault();
    onSelect(tab.id);
    document.getElementById(`${base}-${tab.id}`)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            id={`${base}-${tab.id}`}
            type="button"
            role="tab"
            aria-selected={tab.id === selected}
            aria-controls={`${base}-panel`}
            tabIndex={tab.id === selected ? 0 : -1}
            onClick={() => onSelect(tab.id)}
          >
            {tab.title}
            {tab.badge !== undefined && <span class="badge">{tab.badge}</span>}
          </button>
        ))}
      </div>
      <div
        class="tab-panel"
        id={`${base}-panel`}
        role="tabpanel"
        aria-labelledby={`${base}-${selected}`}
        tabIndex={0}
      >
        {children}
      </div>
    </>
  );
}

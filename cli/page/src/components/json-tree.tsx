import { useState } from "preact/hooks";
import { beginning, count, visible } from "../format.js";

/** How many entries of a list or object are shown at first, and with each further press of the button. */
const PAGE = 50;
const TEXT = 300;

type Entries = readonly (readonly [name: string, value: unknown])[];

/**
 * A JSON value as a tree that is opened level by level. It is made of `<details>`, which browsers make usable by keyboard
 * and by screen readers; what is closed is not in the document, and long lists are shown page by page.
 */
export function JsonTree({ value, name, open = 1 }: { value: unknown; name?: string; open?: number }) {
  if (typeof value !== "object" || value === null) {
    return (
      <div class="json-leaf">
        {name !== undefined && <Label name={name} />}
        <Scalar value={value} />
      </div>
    );
  }
  return <Branch value={value} name={name} open={open} />;
}

function Branch({ value, name, open }: { value: object; name: string | undefined; open: number }) {
  const [isOpen, setOpen] = useState(open > 0);
  const isList = Array.isArray(value);
  const size = isList ? value.length : Object.keys(value).length;
  if (size === 0) {
    return (
      <div class="json-leaf">
        {name !== undefined && <Label name={name} />}
        <span class="json-empty">{isList ? "[]" : "{}"}</span>
      </div>
    );
  }
  return (
    <details class="json" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {name !== undefined && <Label name={name} />}
        <span class="json-size">
          {isList ? count(size, "entry", "entries") : count(size, "field", "fields")}
        </span>
        {!isOpen && <span class="json-preview">{preview(value)}</span>}
      </summary>
      {isOpen && <Children value={value} size={size} open={open - 1} />}
    </details>
  );
}

function Children({ value, size, open }: { value: object; size: number; open: number }) {
  const [shown, setShown] = useState(PAGE);
  const entries: Entries = Array.isArray(value)
    ? value.slice(0, shown).map((entry, at) => [String(at), entry] as const)
    : Object.entries(value).slice(0, shown);
  return (
    <div class="json-children">
      {entries.map(([name, child]) => (
        <JsonTree key={name} name={name} value={child} open={open} />
      ))}
      {shown < size && (
        <button type="button" class="more" onClick={() => setShown(shown + PAGE * 4)}>
          Show more of {count(size, "entry", "entries")}
        </button>
      )}
    </div>
  );
}

function Label({ name }: { name: string }) {
  return (
    <span class="json-name">
      <bdi>{beginning(visible(name), 200)}</bdi>:{" "}
    </span>
  );
}

function Scalar({ value }: { value: unknown }) {
  const [whole, setWhole] = useState(false);
  if (typeof value !== "string") return <span class={`json-${typeof value}`}>{String(value)}</span>;
  const text = whole ? value : beginning(value, TEXT);
  return (
    <span class="json-string">
      "<bdi class="json-text">{text}</bdi>
      {text.length < value.length ? (
        <button type="button" class="more" onClick={() => setWhole(true)}>
          … show all {count(value.length, "character", "characters")}
        </button>
      ) : (
        '"'
      )}
    </span>
  );
}

/** The beginning of a closed branch, so that often it need not be opened. */
function preview(value: object): string {
  const parts = Object.entries(value)
    .slice(0, 4)
    .map(([name, child]) =>
      Array.isArray(value) ? short(child) : `${visible(beginning(name, 20))}: ${short(child)}`,
    );
  return beginning(parts.join(", "), 90);
}

function short(value: unknown): string {
  if (typeof value === "string") return `"${visible(beginning(value, 24))}${value.length > 24 ? "…" : ""}"`;
  if (Array.isArray(value)) return `[${value.length}]`;
  return typeof value === "object" && value !== null ? "{…}" : String(value);
}

import { useState } from "preact/hooks";

/** A filter as the store takes it; undefined when the text is none. */
export function parseFilter(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // it is still being written
  }
  return undefined;
}

/** A filter in JSON, which takes effect with Enter or when the box is left. */
export function FilterBox({ value, onFilter }: { value: string; onFilter: (filter: string) => void }) {
  const [text, setText] = useState(value);
  const isWrong = text.trim() !== "" && parseFilter(text) === undefined;
  const apply = () => {
    if (!isWrong) onFilter(text.trim());
  };
  return (
    <label class="filter">
      <span class="hidden">Filter, as JSON</span>
      <input
        type="text"
        class="mono"
        placeholder='Filter: {"kind": "fact"}'
        value={text}
        aria-invalid={isWrong}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
        onBlur={apply}
        onKeyDown={(event) => {
          if (event.key === "Enter") apply();
          if (event.key !== "Escape") return;
          setText("");
          onFilter("");
        }}
      />
      {isWrong && (
        <span class="hint" role="status">
          Not a JSON object (yet).
        </span>
      )}
    </label>
  );
}

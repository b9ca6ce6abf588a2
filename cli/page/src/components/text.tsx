import { useState } from "preact/hooks";
import { beginning, bytes, visible } from "../format.js";

/** An id, key or name: on one line, cut where there is no room, whole when pointed at. */
export function Name({ text, class: className = "" }: { text: string; class?: string }) {
  const shown = visible(text);
  return (
    <bdi class={`name ${className}`} title={beginning(shown, 1_000)}>
      {shown === "" ? <em>empty</em> : beginning(shown, 400)}
    </bdi>
  );
}

const LENGTH = 2_000;

/** A text of any length: of a long one the beginning, and a button for more. */
export function LongText({ text, class: className = "" }: { text: string; class?: string }) {
  const [length, setLength] = useState(LENGTH);
  const shown = beginning(text, length);
  return (
    <div class={`long-text ${className}`}>
      <div class="prose" dir="auto">
        {shown}
        {shown.length < text.length ? "…" : ""}
      </div>
      {shown.length < text.length && (
        // A part at a time: a text of megabytes would stop the page for seconds.
        <button type="button" class="more" onClick={() => setLength(length * 8)}>
          Show more of {bytes(text.length)}
        </button>
      )}
    </div>
  );
}

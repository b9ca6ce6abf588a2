import { useState } from "preact/hooks";
import type { ItemRow } from "../../../src/inspect/types.js";
import { post } from "../api.js";
import { Confirm, MinutesField, parseMinutes } from "../components/confirm.js";
import { Name } from "../components/text.js";
import { parseFilter as parseObject } from "./filter-box.js";

interface ItemActionsProps {
  readonly item: ItemRow;
  /** Called when the item was changed. */
  readonly onChange: () => void;
  readonly onDelete: () => void;
}

/** What can be done to an item, where the viewer may write. Each refuses an item that somebody else has put meanwhile. */
export function ItemActions({ item, onChange, onDelete }: ItemActionsProps) {
  const [open, setOpen] = useState<"edit" | "delete" | "expire">();
  const [text, setText] = useState("");
  const [minutes, setMinutes] = useState("1440");
  const close = () => setOpen(undefined);
  const { namespace: path, key, version } = item;
  const value = parseObject(text);
  const asked = parseMinutes(minutes);
  const name = <Name text={key} class="mono" />;
  const edit = () => {
    setText(JSON.stringify(item.value, undefined, 2));
    setOpen("edit");
  };
  return (
    <div class="actions pane-actions">
      {!item.encrypted && (
        <>
          {!item.described && (
            <button type="button" onClick={edit}>
              Edit…
            </button>
          )}
          <button type="button" onClick={() => setOpen("expire")}>
            Expire…
          </button>
        </>
      )}
      <button type="button" onClick={() => setOpen("delete")}>
        Delete…
      </button>
      {item.described && (
        <p class="hint">
          Not to be edited here: parts of the value, such as bytes, are only described, and would be lost.
        </p>
      )}
      {open === "edit" && (
        <Confirm
          title="Edit this item"
          action="Replace value"
          disabled={value === undefined}
          onClose={close}
          run={async () => {
            await post("edit-item", { path, key, value, version });
            onChange();
          }}
        >
          <p>
            The value of {name} is replaced, its old one is gone; when it expires stays. If somebody has put
            it since it was read, nothing is changed.
          </p>
          <label class="field">
            Value, a JSON object
            <textarea
              value={text}
              spellcheck={false}
              aria-invalid={value === undefined}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          {value === undefined && <p class="hint">Not a JSON object (yet).</p>}
        </Confirm>
      )}
      {open === "expire" && (
        <Confirm
          title="When is this item to expire?"
          action={asked === null ? "Keep for ever" : "Set"}
          disabled={asked === undefined}
          onClose={close}
          run={async () => {
            await post("expire-item", { path, key, minutes: asked, version });
            onChange();
          }}
        >
          <p>Then {name} goes, with its vectors. Its value is put again as it is, and gets a new version.</p>
          <MinutesField value={minutes} onChange={setMinutes} />
        </Confirm>
      )}
      {open === "delete" && (
        <Confirm
          title="Delete this item?"
          action="Delete item"
          danger
          onClose={close}
          run={async () => {
            await post("delete-item", { path, key });
            onDelete();
          }}
        >
          <p>
            {name} of <Name text={path.join(" / ")} class="mono" /> goes, with its vectors. This cannot be
            undone.
          </p>
        </Confirm>
      )}
    </div>
  );
}

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Failure } from "./notice.js";

interface ConfirmProps {
  readonly title: string;
  /** What the button that does it says. */
  readonly action: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** What will be changed, and what will be gone. */
  readonly children: ComponentChildren;
  readonly run: () => Promise<void>;
  readonly onClose: () => void;
}

/** Asks before something is changed. It stays open, with the reason, when that fails. */
export function Confirm({ title, action, danger, disabled, children, run, onClose }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await run();
      dialog.current?.close();
    } catch (error) {
      setError(error as Error);
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id="confirm-title">{title}</h2>
        {children}
        {error !== undefined && <Failure error={error} />}
        <div class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={danger ? "danger" : "primary"} disabled={isBusy || disabled}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}

interface MinutesProps {
  readonly value: string;
  readonly onChange: (minutes: string) => void;
}

/** Minutes until something expires; an empty box for never. */
export function MinutesField({ value, onChange }: MinutesProps) {
  return (
    <label class="field">
      Minutes from now; empty for never
      <input
        type="number"
        min="0.001"
        step="any"
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </label>
  );
}

/** What a box for minutes says; undefined when it cannot be used. */
export function parseMinutes(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const minutes = Number(text);
  return Number.isFinite(minutes) && minutes > 0 ? minutes : undefined;
}

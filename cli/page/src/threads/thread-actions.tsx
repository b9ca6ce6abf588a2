import { useState } from "preact/hooks";
import { post } from "../api.js";
import { Confirm, MinutesField, parseMinutes } from "../components/confirm.js";
import { Name } from "../components/text.js";
import { count } from "../format.js";
import { navigate } from "../route.js";
import type { TreeData } from "./use-tree.js";

/** What can be done to a thread, where the viewer may write. */
export function ThreadActions({ threadId, tree }: { threadId: string; tree: TreeData }) {
  const [open, setOpen] = useState<"delete" | "expire">();
  const [minutes, setMinutes] = useState("1440");
  const close = () => setOpen(undefined);
  const asked = parseMinutes(minutes);
  const namespaces = count(tree.namespaces.length, "namespace", "namespaces");
  const size = `${count(tree.total, "checkpoint", "checkpoints")}${tree.complete ? "" : " or more"} in ${namespaces}`;
  return (
    <div class="actions pane-actions">
      <button type="button" onClick={() => setOpen("expire")}>
        Expire…
      </button>
      <button type="button" onClick={() => setOpen("delete")}>
        Delete…
      </button>
      {open === "delete" && (
        <Confirm
          title="Delete this thread?"
          action="Delete thread"
          danger
          onClose={close}
          run={async () => {
            await post("delete-thread", { thread: threadId });
            navigate({ view: "threads" });
          }}
        >
          <p>
            All of <Name text={threadId} class="mono" /> goes: {size}, with their pending writes. This cannot
            be undone.
          </p>
        </Confirm>
      )}
      {open === "expire" && (
        <Confirm
          title="When is this thread to expire?"
          action={asked === null ? "Keep for ever" : "Set"}
          disabled={asked === undefined}
          onClose={close}
          run={async () => {
            await post("expire-thread", { thread: threadId, minutes: asked });
          }}
        >
          <p>
            Then all of <Name text={threadId} class="mono" /> goes: {size}. Each later write to it starts the
            time again.
          </p>
          <MinutesField value={minutes} onChange={setMinutes} />
        </Confirm>
      )}
    </div>
  );
}

interface ForkProps {
  readonly threadId: string;
  readonly ns: string;
  readonly checkpointId: string;
}

/** Goes on from a checkpoint once more: in a copy of the thread, or in the thread itself. */
export function ForkAction({ threadId, ns, checkpointId }: ForkProps) {
  const [isOpen, setOpen] = useState(false);
  const [target, setTarget] = useState(`${threadId}-fork`);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Fork…
      </button>
      {isOpen && (
        <Confirm
          title="Fork from this checkpoint?"
          action="Fork"
          disabled={target === ""}
          onClose={() => setOpen(false)}
          run={async () => {
            const made = await post<{ threadId: string; checkpointId: string }>("fork", {
              threadId,
              ns,
              checkpointId,
              target,
            });
            navigate({ view: "threads", thread: made.threadId, ns, checkpoint: made.checkpointId });
          }}
        >
          <p>
            {target === threadId
              ? "The thread gets a further checkpoint with this state, from which its next run goes on. What it has stays."
              : "A new thread becomes a copy of this one, with all of its history, and its next run goes on from this state. This thread is not changed."}
          </p>
          <label class="field">
            Thread
            <input
              type="text"
              class="mono"
              value={target}
              onInput={(event) => setTarget(event.currentTarget.value)}
            />
          </label>
        </Confirm>
      )}
    </>
  );
}

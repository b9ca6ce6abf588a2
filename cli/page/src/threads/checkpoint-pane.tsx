import { useState } from "preact/hooks";
import type { ChannelView, StateView, WriteView } from "../../../src/inspect/types.js";
import { get } from "../api.js";
import { JsonTree } from "../components/json-tree.js";
import { Busy, Empty, Failure } from "../components/notice.js";
import { Tabs } from "../components/tabs.js";
import { Name } from "../components/text.js";
import { bytes, dateTime } from "../format.js";
import { useLoad } from "../use-load.js";
import { Difference } from "./difference.js";
import { Messages } from "./messages.js";
import { ForkAction } from "./thread-actions.js";

interface CheckpointPaneProps {
  readonly threadId: string;
  readonly ns: string;
  readonly checkpointId: string;
  readonly write: boolean;
  /** What the checkpoint takes, when that is known. */
  readonly size: number | undefined;
}

/** All that a checkpoint holds: its state, how it differs from its parent, pending writes, metadata. */
export function CheckpointPane({ threadId, ns, checkpointId, write, size }: CheckpointPaneProps) {
  const [tab, setTab] = useState("state");
  const { data, error, loading, reload } = useLoad(JSON.stringify([threadId, ns, checkpointId]), (signal) =>
    get<StateView>("state", { thread: threadId, ns, checkpoint: checkpointId }, signal),
  );
  if (error !== undefined) return <Failure error={error} onRetry={reload} />;
  if (data === undefined) return <Busy what="the state" />;
  const tabs = [
    { id: "state", title: "State" },
    { id: "difference", title: "Difference" },
    {
      id: "writes",
      title: "Writes",
      badge: data.pendingWrites.length ? String(data.pendingWrites.length) : undefined,
    },
    { id: "metadata", title: "Metadata" },
  ];
  // With another checkpoint all begins anew: what was opened in the one before means nothing in it.
  const key = `${data.ns}\n${data.checkpointId}`;
  return (
    <div class={`checkpoint${loading ? " stale" : ""}`} aria-busy={loading}>
      <Facts state={data} size={data.bytes ?? size} />
      {write && (
        <div class="actions pane-actions">
          <ForkAction key={key} threadId={threadId} ns={data.ns} checkpointId={data.checkpointId} />
        </div>
      )}
      <Tabs label="Parts of the checkpoint" tabs={tabs} selected={tab} onSelect={setTab}>
        {tab === "state" && <State key={key} state={data} />}
        {tab === "difference" && <Difference key={key} state={data} />}
        {tab === "writes" && <Writes key={key} writes={data.pendingWrites} />}
        {tab === "metadata" && <Metadata key={key} state={data} />}
      </Tabs>
    </div>
  );
}

function Facts({ state, size }: { state: StateView; size: number | undefined }) {
  const metadata = state.metadata;
  const known = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata) ? metadata : {};
  return (
    <dl class="facts">
      <div>
        <dt>Checkpoint</dt>
        <dd>
          <Name text={state.checkpointId} class="mono" />
        </dd>
      </div>
      {state.ns !== "" && (
        <div>
          <dt>Namespace</dt>
          <dd>
            <Name text={state.ns} class="mono" />
          </dd>
        </div>
      )}
      {typeof known.step === "number" && (
        <div>
          <dt>Step</dt>
          <dd>
            {known.step} {typeof known.source === "string" && <Name text={known.source} class="dim" />}
          </dd>
        </div>
      )}
      <div>
        <dt>Time</dt>
        <dd>{dateTime(state.ts)}</dd>
      </div>
      <div>
        <dt>Size</dt>
        <dd>{bytes(size)}</dd>
      </div>
    </dl>
  );
}

function Encrypted({ encrypted }: { encrypted: { keyId?: string } }) {
  return (
    <Empty>
      Encrypted
      {encrypted.keyId === undefined ? (
        ""
      ) : (
        <>
          {" "}
          with key <Name text={encrypted.keyId} class="mono" />
        </>
      )}
      . Start the viewer with <code>--key</code> to read it.
    </Empty>
  );
}

function State({ state }: { state: StateView }) {
  if (state.encrypted !== undefined) return <Encrypted encrypted={state.encrypted} />;
  if (state.channels.length === 0) return <Empty>No channel has a value here.</Empty>;
  // The conversation is what most people look for.
  const ordered = [...state.channels].sort(
    (a, b) => Number(b.kind === "messages") - Number(a.kind === "messages"),
  );
  return (
    <>
      {ordered.map((channel) => (
        <Channel key={channel.name} channel={channel} />
      ))}
    </>
  );
}

function Channel({ channel }: { channel: ChannelView }) {
  return (
    <section class="channel">
      <h3>
        <Name text={channel.name} class="mono" />
        {channel.version !== undefined && (
          <span class="dim">
            version <Name text={String(channel.version)} />
          </span>
        )}
      </h3>
      {channel.kind === "messages" ? (
        <Messages messages={channel.messages ?? []} />
      ) : (
        <JsonTree value={channel.json} open={1} />
      )}
    </section>
  );
}

function Writes({ writes }: { writes: readonly WriteView[] }) {
  if (writes.length === 0) return <Empty>No task has written anything after this checkpoint.</Empty>;
  return (
    <>
      {writes.map((write, at) => (
        <section class="channel" key={at}>
          <h3>
            <Name text={write.channel} class="mono" />
            <span class="dim">
              task <Name text={write.taskId} class="mono" />
            </span>
          </h3>
          {write.kind === "messages" ? (
            <Messages messages={write.messages ?? []} />
          ) : (
            <JsonTree value={write.json} open={2} />
          )}
        </section>
      ))}
    </>
  );
}

function Metadata({ state }: { state: StateView }) {
  if (state.encrypted !== undefined) return <Encrypted encrypted={state.encrypted} />;
  return (
    <>
      <JsonTree value={state.metadata} open={3} />
      {state.parentId !== undefined && (
        <p class="dim">
          Parent <Name text={state.parentId} class="mono" />
        </p>
      )}
    </>
  );
}

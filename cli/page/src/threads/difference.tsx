import type { ChannelDiff, Json, StateDiff, StateView } from "../../../src/inspect/types.js";
import { get } from "../api.js";
import { JsonTree } from "../components/json-tree.js";
import { Busy, Empty, Failure } from "../components/notice.js";
import { Name } from "../components/text.js";
import { count } from "../format.js";
import { useLoad } from "../use-load.js";

/** What a step changed: the state of a checkpoint compared with that of its parent, channel by channel. */
export function Difference({ state }: { state: StateView }) {
  const { threadId: thread, ns, checkpointId: checkpoint, parentId: parent } = state;
  const key = parent === undefined ? undefined : JSON.stringify([thread, ns, checkpoint]);
  const { data, error, reload } = useLoad(key, (signal) =>
    get<StateDiff>("difference", { thread, ns, checkpoint, parent }, signal),
  );
  if (parent === undefined) return <Empty>This checkpoint has no parent.</Empty>;
  if (error !== undefined) return <Failure error={error} onRetry={reload} />;
  if (data === undefined) return <Busy what="the difference" />;
  const changed = data.channels.filter(({ change }) => change !== "same");
  const same = data.channels.length - changed.length;
  return (
    <>
      {changed.length === 0 && <Empty>No channel differs from the parent.</Empty>}
      {changed.map((channel) => (
        <Channel key={channel.name} channel={channel} />
      ))}
      {same > 0 && changed.length > 0 && (
        <p class="dim">{count(same, "channel is", "channels are")} the same.</p>
      )}
    </>
  );
}

function Channel({ channel }: { channel: ChannelDiff }) {
  const { name, change, list, before, after } = channel;
  return (
    <section class="channel">
      <h3>
        <Name text={name} class="mono" />
        <span class={`change ${change}`}>{change}</span>
        {list !== undefined && list.same > 0 && (
          <span class="dim">{count(list.same, "entry", "entries")} the same</span>
        )}
      </h3>
      {list === undefined ? (
        <>
          {change !== "added" && <Part kind="removed" value={before} />}
          {change !== "removed" && <Part kind="added" value={after} />}
        </>
      ) : (
        <>
          {list.removed.map((value, at) => (
            <Part key={`removed-${at}`} kind="removed" value={value} />
          ))}
          {list.changed.map(({ before, after }, at) => (
            <div key={`changed-${at}`}>
              <Part kind="removed" value={before} />
              <Part kind="added" value={after} />
            </div>
          ))}
          {list.added.map((value, at) => (
            <Part key={`added-${at}`} kind="added" value={value} />
          ))}
        </>
      )}
    </section>
  );
}

function Part({ kind, value }: { kind: "added" | "removed"; value: Json | undefined }) {
  return (
    <div class={`part ${kind}`}>
      <span class="sign">
        <span aria-hidden="true">{kind === "added" ? "+" : "−"}</span>
        <span class="hidden">{kind}</span>
      </span>
      <JsonTree value={value ?? null} open={1} />
    </div>
  );
}

import type { Diagnosis, Finding, Level, MemorySample, ServerRow } from "../../../src/inspect/types.js";
import { get } from "../api.js";
import { Busy, Empty, Failure } from "../components/notice.js";
import { Name } from "../components/text.js";
import { bytes, number } from "../format.js";
import { useLoad } from "../use-load.js";

const ORDER: readonly Level[] = ["error", "warning", "info", "ok"];
const TITLES: Record<Level, string> = { error: "Error", warning: "Warning", info: "Note", ok: "Fine" };

export function HealthView() {
  const diagnosis = useLoad("doctor", (signal) => get<Diagnosis>("doctor", {}, signal));
  const findings = [...(diagnosis.data?.findings ?? [])].sort(
    (a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level),
  );
  return (
    <div class="page">
      <section aria-labelledby="activity">
        <h1 id="activity">Server</h1>
        <ActivityFacts />
      </section>
      <section aria-labelledby="memory">
        <h1 id="memory">Memory by kind of key</h1>
        <Kinds />
      </section>
      <section aria-labelledby="findings">
        <header class="page-head">
          <h1 id="findings">Findings</h1>
          <button type="button" class="quiet" onClick={diagnosis.reload}>
            Look again
          </button>
        </header>
        {diagnosis.error !== undefined && <Failure error={diagnosis.error} onRetry={diagnosis.reload} />}
        {diagnosis.data === undefined && diagnosis.error === undefined && <Busy what="findings" />}
        <ul class="findings">
          {findings.map((finding, at) => (
            <FindingEntry key={`${finding.code}-${finding.node ?? ""}-${at}`} finding={finding} />
          ))}
        </ul>
      </section>
    </div>
  );
}

function FindingEntry({ finding }: { finding: Finding }) {
  const { level, title, why, fix, node } = finding;
  return (
    <li class={`finding ${level}`}>
      <span class="level">{TITLES[level]}</span>
      <div>
        <strong>{title}</strong>
        {node !== undefined && (
          <>
            {" "}
            <Name text={node} class="mono dim" />
          </>
        )}
        {level !== "ok" && <p class="prose">{why}</p>}
        {fix !== undefined && (
          <p class="fix">
            <code class="prose">{fix}</code>
          </p>
        )}
      </div>
    </li>
  );
}

function ActivityFacts() {
  const load = (signal: AbortSignal) => get<ServerRow[]>("servers", {}, signal);
  const { data, error } = useLoad("servers", load, { every: 2_000 });
  if (error !== undefined) return <Failure error={error} />;
  if (data === undefined) return <Busy what="counters" />;
  const sum = (of: (server: ServerRow) => number) => data.reduce((total, each) => total + of(each), 0);
  const used = sum((server) => server.usedMemory);
  const most = sum((server) => server.maxMemory);
  // A server that may not be asked says nothing of itself.
  if (used === 0) return <Empty>The server does not tell: this user may not send INFO.</Empty>;
  const facts: [string, string][] = [
    ["Operations per second", number(sum((server) => server.operationsPerSecond))],
    ["Memory", most > 0 ? `${bytes(used)} of ${bytes(most)}` : bytes(used)],
    ["Clients", number(sum((server) => server.clients))],
  ];
  if (data.length > 1) facts.push(["Servers", number(data.length)]);
  return (
    <dl class="figures">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Kinds() {
  const { data, error, reload } = useLoad("kinds", (signal) => get<MemorySample>("memory", {}, signal));
  if (error !== undefined) return <Failure error={error} onRetry={reload} />;
  if (data === undefined) return <Busy what="a sample of keys" />;
  const total = data.kinds.reduce((sum, kind) => sum + kind.bytes, 0);
  return (
    <div class="table-box">
      <table>
        <caption class="dim">
          A sample of {number(data.sampled)} keys, {bytes(total)}
        </caption>
        <thead>
          <tr>
            <th scope="col">Kind</th>
            <th scope="col" class="figure">
              Keys
            </th>
            <th scope="col" class="figure">
              Memory
            </th>
            <th scope="col">Share</th>
          </tr>
        </thead>
        <tbody>
          {data.kinds.map((kind) => (
            <tr key={kind.kind}>
              <th scope="row">{kind.kind}</th>
              <td class="figure">{number(kind.keys)}</td>
              <td class="figure">{bytes(kind.bytes)}</td>
              <td>
                <meter
                  min={0}
                  max={Math.max(total, 1)}
                  value={kind.bytes}
                  aria-label={`share of ${kind.kind}`}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

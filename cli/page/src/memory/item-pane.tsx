import type { ItemRow } from "../../../src/inspect/types.js";
import { get } from "../api.js";
import { JsonTree } from "../components/json-tree.js";
import { Busy, Empty, Failure } from "../components/notice.js";
import { Name } from "../components/text.js";
import { dateTime, number, relative } from "../format.js";
import { navigate } from "../route.js";
import { useLoad } from "../use-load.js";
import { ItemActions } from "./item-actions.js";

interface ItemPaneProps {
  readonly namespace: readonly string[];
  readonly itemKey: string;
  /** Where the list of items stands, to which one goes back. */
  readonly path: readonly string[];
  readonly write: boolean;
  readonly onChange: () => void;
}

export function ItemPane({ namespace, itemKey, path, write, onChange }: ItemPaneProps) {
  const { data, error, reload } = useLoad(JSON.stringify([namespace, itemKey]), (signal) =>
    get<ItemRow>("item", { path: namespace, key: itemKey }, signal),
  );
  const changed = () => {
    reload();
    onChange();
  };
  const deleted = () => {
    back();
    onChange();
  };
  const back = () => navigate({ view: "memory", path });
  return (
    <>
      <header class="pane-head">
        <button type="button" class="back narrow-only" onClick={back}>
          Items
        </button>
        <h2>
          <Name text={itemKey} />
        </h2>
      </header>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {data === undefined && error === undefined && <Busy what="the item" />}
      {data !== undefined && (
        <>
          <Facts item={data} />
          {write && <ItemActions item={data} onChange={changed} onDelete={deleted} />}
          <section class="tab-panel" tabIndex={0} aria-label="Value">
            {data.encrypted ? (
              <Empty>
                Encrypted. Start the viewer with <code>--key</code> to read it.
              </Empty>
            ) : (
              <JsonTree value={data.value} open={3} />
            )}
          </section>
        </>
      )}
    </>
  );
}

function Facts({ item }: { item: ItemRow }) {
  // Of what cannot be decrypted neither the version nor the expiry is known.
  const expiry = item.encrypted ? "–" : "never";
  const facts: [string, preact.ComponentChildren][] = [
    ["Namespace", <Name key="path" text={item.namespace.join(" / ")} class="mono" />],
    ["Updated", dateTime(item.updatedAt)],
    ["Created", dateTime(item.createdAt)],
    ["Version", item.encrypted ? "–" : String(item.version)],
    [
      "Expires",
      item.expiresAt === undefined ? expiry : `${dateTime(item.expiresAt)} (${relative(item.expiresAt)})`,
    ],
  ];
  if (item.vectors !== undefined) facts.push(["Vectors", number(item.vectors)]);
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

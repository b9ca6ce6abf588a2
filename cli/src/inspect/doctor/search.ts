import { formatBytes } from "../../print/format.js";
import type { InspectContext } from "../context.js";
import type { NodeFacts, NodeFinding } from "./facts.js";

/** The server's search engine. */
export async function checkModules({ node }: NodeFacts): Promise<NodeFinding[]> {
  const reply = await node.send("MODULE", "LIST").catch(() => undefined);
  const known = await node.send("COMMAND", "INFO", "FT.SEARCH").catch(() => undefined);
  const hasSearch = Array.isArray(known) && known[0] != null;
  if (!hasSearch) {
    return [
      {
        level: "info",
        code: "search-engine",
        title: "It has no search engine",
        why: 'The store compares items in the client (engine: "core"), which is right and slower the more items there are.',
        fix: "Use Redis 8, or Redis with the module Redis Search.",
      },
    ];
  }
  const versions = Array.isArray(reply) ? reply.flatMap(toModule) : [];
  const search = versions.find(({ name }) => /^(search|ft|searchlight)$/i.test(name));
  const title = search ? `Redis Search ${formatVersion(search.version)}` : "It has a search engine";
  return [
    {
      level: "ok",
      code: "search-engine",
      title,
      why: "The store searches by meaning and by words on the server.",
    },
  ];
}

function toModule(entry: unknown): { name: string; version: number }[] {
  if (!Array.isArray(entry)) return [];
  const value = (name: string) => entry[entry.indexOf(name) + 1];
  return [{ name: String(value("name")), version: Number(value("ver")) }];
}

function formatVersion(version: number): string {
  return `${Math.floor(version / 10_000)}.${Math.floor(version / 100) % 100}.${version % 100}`;
}

/** How many namespaces are counted, to compare them with the index. */
const COUNTED = 10_000;

/** The store's index: its definition, and what it knows of what is stored. */
export async function checkIndex({ store }: InspectContext): Promise<NodeFinding[]> {
  const index = await store.inspectIndex();
  if (index === undefined) {
    const title = "Nothing was put into a store with this prefix yet";
    return [{ level: "ok", code: "index", title, why: "The first put defines the index." }];
  }
  const { dims, model, text, name, search } = index;
  const parts = [
    dims === null ? "no vectors" : `vectors of ${dims} dimensions${model === null ? "" : ` (${model})`}`,
    text ? "words" : "no words",
  ];
  const findings: NodeFinding[] = [];
  if (index.reindexing) {
    findings.push({
      level: "warning",
      code: "reindexing",
      title: "A reindex was begun and has not come to its end",
      why: "Until it has, the old index serves, and each item is described for both.",
      fix: "Let it come to its end, or call it again: langgraph-redis reindex",
    });
  }
  if (search === undefined || !search.exists) {
    const isMissing = search !== undefined;
    findings.push({
      level: isMissing ? "error" : "ok",
      code: "index",
      title: isMissing ? `The index ${name} is not there` : `The store was made for ${parts.join(", ")}`,
      why: isMissing
        ? "It was dropped, or the server lost it. Searches fail or create it again."
        : "It needs no index.",
      ...(isMissing && { fix: "Call setup() of the store, or langgraph-redis reindex." }),
    });
    return findings;
  }
  findings.push({
    level: "ok",
    code: "index",
    title: `The index ${name}: ${parts.join(", ")}, ${search.items} items, ${formatBytes(search.bytes)}`,
    why: "It was made for this; a store that is configured otherwise is refused with an IndexMismatchError.",
  });
  if (search.indexing) {
    findings.push({
      level: "warning",
      code: "indexing",
      title: `The index is being built (${Math.round(search.progress * 100)} %)`,
      why: "Until it is complete, searches find a part of the items.",
      fix: "Wait.",
    });
  }
  if (search.failures > 0) {
    findings.push({
      level: "error",
      code: "index-failures",
      title: `The index could not take ${search.failures} documents`,
      why: "They are not found by searches. Mostly a vector has other dimensions than the index.",
      fix: "langgraph-redis reindex, which names those that it cannot read",
    });
  }
  if (search.foreignDocuments > 0) {
    const count = search.foreignDocuments === 1_000 ? "1,000 or more" : String(search.foreignDocuments);
    findings.push({
      level: "warning",
      code: "foreign-documents",
      title: `${count} documents among the store's own were not written by it`,
      why: "Another program uses keys with the same prefix. They take memory, and are never found.",
      fix: "Give that program another prefix, and delete its keys.",
    });
  }
  findings.push(...(await compareCounts({ store }, search)));
  return findings;
}

async function compareCounts(
  { store }: Pick<InspectContext, "store">,
  search: { items: number; indexing: boolean },
): Promise<NodeFinding[]> {
  const namespaces = await store.listNamespaces({ limit: COUNTED + 1 });
  if (namespaces.length > COUNTED || search.indexing) return [];
  const counts = await store.countItems(namespaces);
  const stored = counts.reduce((sum, count) => sum + count, 0);
  // What has just expired, or is put at this moment, may be in one of them only.
  if (Math.abs(stored - search.items) <= Math.max(10, stored / 100)) return [];
  return [
    {
      level: "error",
      code: "index-count",
      title: `There are ${stored} items, and the index knows ${search.items}`,
      why: "Searches do not find all items.",
      fix: "langgraph-redis reindex",
    },
  ];
}

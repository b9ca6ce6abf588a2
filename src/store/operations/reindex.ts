import type { Reply } from "../../redis/command.js";
import { execute, executeAll, Script, type ScriptCall } from "../../redis/script.js";
import type { StoreContext } from "../context.js";
import { fromBytes } from "../embedding/embedder.js";
import { extractTexts, FieldPath } from "../embedding/field-path.js";
import type { StoreEngine } from "../engines/engine.js";
import {
  type BuiltIndex,
  compareDefinitions,
  defineIndex,
  parseBuiltIndex,
  type StoredIndex,
} from "../engines/index-definition.js";
import documentsSource from "../items/documents.lua";
import {
  type DocumentFormat,
  digestOf,
  type IndexedItem,
  type TextVector,
  toIndexFields,
} from "../items/index-document.js";
import { decodeMeta, FIELD } from "../items/item.js";
import { decodeValue, type ItemValue } from "../items/value.js";
import { namespacesUnder } from "../namespaces/registry.js";
import { runTask } from "../pipeline.js";
import type { ReindexOptions, ReindexProgress, ReindexReport } from "../types.js";
import pruneSource from "./prune.lua";
import rewriteSource from "./rewrite.lua";

const REWRITE = new Script(documentsSource, rewriteSource);
const PRUNE = new Script(pruneSource);

/** Options with every default filled in. */
type Settled = Required<Pick<ReindexOptions, "reembed" | "batchSize">> & ReindexOptions;

/** An item as far as it matters for the index. */
interface StoredItem {
  document: string;
  namespace: string[];
  version: number;
  value: ItemValue;
  texts: string[];
  parts: string[];
}

/** Builds the index that the settings call for, and looks at the index again afterwards. */
export async function reindex(context: StoreContext, options: Settled): Promise<ReindexReport> {
  const report = await new Reindexer(context, await context.engine(), options).run();
  context.forget();
  await context.activeIndex();
  return report;
}

/** Builds the index that the settings call for beside the one that serves, and switches to it. */
class Reindexer {
  private readonly report: ReindexReport = { items: 0, embedded: 0, reused: 0, undecodable: [] };
  private readonly undecodable = new Set<string>();

  constructor(
    private readonly context: StoreContext,
    private readonly engine: StoreEngine,
    private readonly options: Settled,
  ) {}

  async run(): Promise<ReindexReport> {
    const { connection, keys } = this.context;
    const { present, next } = await this.plan();
    if (present.generation !== next.generation) {
      await this.engine.build(next);
      await this.rewriteAll(present, next);
      await execute(connection, { key: keys.definition, args: ["SET", keys.definition, builtText(next)] });
    }
    // From here on the new index is the one; what an interrupted run has left to do is done again.
    await this.engine.serve({ ...next, text: builtText(next) });
    await this.rewriteAll(present, next); // what was put by clients that had not noticed yet
    this.report.undecodable = [...this.undecodable, ...(await this.engine.foreignDocuments(next))];
    for (let generation = next.generation - 1; generation >= next.replaces; generation--) {
      await this.engine.drop({ ...next, generation });
    }
    await this.clear(next);
    await execute(connection, { key: keys.nextDefinition, args: ["DEL", keys.nextDefinition] });
    return this.report;
  }

  /** Decides on the new index, or finds the one that an interrupted run has begun. */
  private async plan(): Promise<{ present: StoredIndex; next: BuiltIndex & { replaces: number } }> {
    const { connection, keys, settings } = this.context;
    const definition = defineIndex(settings);
    const first = builtText({ generation: 1, definition });
    const replies = await executeAll(connection, [
      { key: keys.definition, args: ["SET", keys.definition, first, "NX"] },
      { key: keys.definition, args: ["GET", keys.definition] },
      { key: keys.nextDefinition, args: ["GET", keys.nextDefinition] },
    ]);
    for (const reply of replies) if (reply instanceof Error) throw reply;
    const present = parseBuiltIndex(String(replies[1]), keys.definition);
    const begun = replies[2] ? parseBuiltIndex(String(replies[2]), keys.nextDefinition) : undefined;
    if (begun && compareDefinitions(begun.definition, definition).length === 0) {
      const { replaces } = JSON.parse(begun.text) as { replaces: number };
      return { present, next: { generation: begun.generation, definition, replaces } };
    }
    // One begun for yet another configuration is given up; its index is dropped with all between old and new.
    const generation = Math.max(present.generation, begun?.generation ?? 0) + 1;
    const next = { generation, definition, replaces: present.generation };
    const text = JSON.stringify(next);
    await execute(connection, { key: keys.nextDefinition, args: ["SET", keys.nextDefinition, text] });
    return { present, next };
  }

  /** Goes over all items until there is none left to describe: some may be put while it goes. */
  private async rewriteAll(present: BuiltIndex, next: BuiltIndex): Promise<void> {
    let left: number;
    do {
      left = 0;
      await this.eachPage("rewriting", async (namespace, documents) => {
        left += await this.rewritePage(namespace, documents, present, next);
      });
    } while (left > 0);
  }

  private async clear({ generation }: BuiltIndex): Promise<void> {
    await this.eachPage("clearing", async (_, documents) => {
      await execute(this.context.connection, PRUNE.call(documents, [String(generation)]));
    });
  }

  /** Visits the documents of all items, oldest first, so that what is put meanwhile is still ahead. */
  private async eachPage(
    phase: ReindexProgress["phase"],
    visit: (namespace: string[], documents: string[]) => Promise<void>,
  ): Promise<void> {
    const { connection, keys, settings } = this.context;
    const { batchSize, onProgress } = this.options;
    const namespaces = await runTask(connection, namespacesUnder(keys, [], settings.limits));
    const sizes = await executeAll(
      connection,
      namespaces.map((namespace) => {
        const { items } = keys.ofNamespace(namespace);
        return { key: items, args: ["ZCARD", items] };
      }),
    );
    const total = sizes.reduce<number>((sum, size) => sum + Number(size), 0);
    let done = 0;
    for (const namespace of namespaces) {
      const { items } = keys.ofNamespace(namespace);
      for (let from = 0; ; from += batchSize) {
        const args = ["ZREVRANGE", items, String(from), String(from + batchSize - 1)];
        const members = ((await execute(connection, { key: items, args })) as Reply[]).map(String);
        if (members.length > 0) {
          await visit(
            namespace,
            members.map((member) => keys.documentsOf(namespace) + member),
          );
        }
        done += members.length;
        onProgress?.({ phase, done, total: Math.max(done, total) });
        if (members.length < batchSize) break;
      }
    }
  }

  /** @returns how many items of the page were not described for the new index yet. */
  private async rewritePage(
    namespace: string[],
    documents: string[],
    present: BuiltIndex,
    next: BuiltIndex,
  ): Promise<number> {
    const { connection } = this.context;
    const items = await this.readItems(namespace, documents, next);
    const stored = await this.storedVectors(items, present, next);
    const wanted = items.flatMap(({ texts }) => texts.filter((text) => !stored.has(text)));
    const embedded =
      (await this.context.embedder?.embedTexts(wanted)) ?? new Map<string, Float32Array | Error>();
    const calls = items.map((item) => {
      const vectors = item.texts.map((text): TextVector => {
        const vector = stored.get(text) ?? embedded.get(text);
        if (!(vector instanceof Float32Array)) throw vector;
        return { text, vector };
      });
      const { generation, definition } = next;
      const format = { generation, numericFields: definition.numericFields, text: definition.text };
      return rewriteCall(item.document, item.version, { namespace, value: item.value, vectors }, format);
    });
    for (const reply of await executeAll(connection, calls)) {
      if (reply instanceof Error) throw reply;
      this.report.items += Number(reply);
    }
    this.report.embedded += embedded.size;
    this.report.reused += new Set(
      items.flatMap(({ texts }) => texts.filter((text) => stored.has(text))),
    ).size;
    return items.length;
  }

  /** The items of a page that are still to be described for the new index. */
  private async readItems(namespace: string[], documents: string[], next: BuiltIndex): Promise<StoredItem[]> {
    const names = [FIELD.generation, FIELD.meta, FIELD.value, FIELD.fields, FIELD.parts];
    const replies = await executeAll(
      this.context.connection,
      documents.map((document) => ({ key: document, args: ["HMGET", document, ...names] })),
    );
    return documents.flatMap((document, at) => {
      const reply = replies[at];
      if (this.undecodable.has(document)) return [];
      try {
        if (reply instanceof Error) throw reply; // another type of key
        const [generation, meta, value, fields, parts] = (reply as Reply[]).map((each) => each?.toString());
        if (value === undefined || generation === String(next.generation)) return [];
        const { version } = decodeMeta(meta, document);
        const decoded = decodeValue(value, document);
        const paths =
          fields === undefined ? undefined : (JSON.parse(fields) as string[]).map(FieldPath.parse);
        const texts = extractTexts(decoded, paths ?? this.context.settings.vectors?.fields ?? []);
        const embedded = this.context.embedder ? texts : [];
        const further = parts?.split(" ").filter((part) => part !== "") ?? [];
        return [{ document, namespace, version, value: decoded, texts: embedded, parts: further }];
      } catch {
        this.undecodable.add(document);
        return [];
      }
    });
  }

  /** The stored vectors that can be taken over, by text. */
  private async storedVectors(
    items: readonly StoredItem[],
    present: BuiltIndex,
    next: BuiltIndex,
  ): Promise<Map<string, Float32Array>> {
    const found = new Map<string, Float32Array>();
    const { dims, model } = next.definition;
    if (this.options.reembed || present.definition.dims !== dims) return found;
    if (present.definition.model !== model) return found;
    const names = [FIELD.text(present.generation), FIELD.vector(present.generation)];
    const documents = items.flatMap(({ document, parts }) => [
      document,
      ...parts.map((part) => `${document}:${part}`),
    ]);
    const replies = await executeAll(
      this.context.connection,
      documents.map((document) => ({ key: document, args: ["HMGET", document, ...names] })),
    );
    const byDigest = new Map<string, Float32Array>();
    for (const reply of replies) {
      if (reply instanceof Error) throw reply;
      const [digest, vector] = reply as Reply[];
      if (digest && vector) byDigest.set(digest.toString(), fromBytes(vector as Buffer));
    }
    for (const text of items.flatMap(({ texts }) => texts)) {
      const vector = byDigest.get(digestOf(text));
      if (vector?.length === next.definition.dims) found.set(text, vector);
    }
    return found;
  }
}

function builtText({ generation, definition }: BuiltIndex): string {
  return JSON.stringify({ generation, definition });
}

/** The script call that describes an item for another generation of the index, if it still has this version. */
function rewriteCall(
  document: string,
  version: number,
  described: IndexedItem,
  format: DocumentFormat,
): ScriptCall {
  const { parts, args } = toIndexFields(described, format, []);
  return REWRITE.call([document], [String(version), String(format.generation), parts, ...args]);
}

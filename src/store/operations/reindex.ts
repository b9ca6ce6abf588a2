import { EncryptionError } from "../../errors.js";
import type { Reply } from "../../redis/command.js";
import { decodeKeyPart } from "../../redis/key-encoding.js";
import { executeAll, Script, type ScriptCall } from "../../redis/script.js";
import type { StoreContext } from "../context.js";
import { fromBytes } from "../embedding/embedder.js";
import { extractTexts, FieldPath } from "../embedding/field-path.js";
import type { StoreEngine } from "../engines/engine.js";
import { readServingIndex, serveInPartitions } from "../engines/serving-index.js";
import { ReindexConflictError } from "../errors.js";
import documentsSource from "../items/documents.lua";
import { type DocumentFormat, documentArgs, partNames, type TextVector } from "../items/index-document.js";
import { decodeMeta, FIELD } from "../items/item.js";
import { decodeValue } from "../items/value.js";
import { namespacesUnder } from "../namespaces/registry.js";
import { runTask } from "../pipeline.js";
import type { ItemValue, ReindexOptions, ReindexProgress, ReindexReport } from "../types.js";
import pruneSource from "./prune.lua";
import { ReindexLease, type ReindexPlan } from "./reindex-lease.js";
import rewriteSource from "./rewrite.lua";
import { countItems, type Visited, visitBatches } from "./visit-items.js";

/** Exported for tests, which recognise its calls. */
export const REWRITE = new Script(documentsSource, rewriteSource);
const PRUNE = new Script(pruneSource);

/** Options with every default filled in. */
type Settled = Required<Pick<ReindexOptions, "reembed" | "batchSize">> & ReindexOptions;

/** An item as far as it matters for the index. */
interface StoredItem extends Pick<Visited, "namespace" | "document" | "serving"> {
  version: number;
  value: ItemValue;
  texts: string[];
  parts: string[];
}

/** Passes over all items before the switch, while others write; what is left then is done by the one behind it. */
const PASSES = 3;

/** Builds the index that the settings call for, and looks at the index again afterwards. */
export async function reindex(context: StoreContext, options: Settled): Promise<ReindexReport> {
  await context.keysReady();
  const engine = await context.engine();
  const lease = await ReindexLease.take(context, options.reembed);
  const report = lease ? await carryOut(context, engine, options, lease) : noReport();
  context.forget();
  await context.activeIndex();
  return report;
}

async function carryOut(
  context: StoreContext,
  engine: StoreEngine,
  options: Settled,
  lease: ReindexLease,
): Promise<ReindexReport> {
  let end: "release" | "end" = "release";
  const reindexer = new Reindexer(context, engine, options, lease);
  try {
    for (;;) {
      try {
        const report = await reindexer.run();
        end = "end";
        return report;
      } catch (error) {
        if (!(error instanceof Error && engine.isIndexChanged(error))) throw error;
        // The index is gone: whoever has taken over has dropped it, or somebody by hand, who is to be outlived.
        await lease.check("now");
      }
    }
  } catch (error) {
    if (error instanceof ReindexConflictError) await reindexer.abandon().catch(() => {});
    throw error;
  } finally {
    // Whoever comes next can begin at once; if this fails, after a while.
    await lease.release(end).catch(() => {});
  }
}

function noReport(): ReindexReport {
  return { items: 0, embedded: 0, reused: 0, undecodable: [] };
}

/** Builds the index of a plan beside the one that serves, and switches to it. */
class Reindexer {
  private readonly report = noReport();
  private readonly undecodable = new Set<string>();
  private readonly plan: ReindexPlan;

  constructor(
    private readonly context: StoreContext,
    private readonly engine: StoreEngine,
    private readonly options: Settled,
    private readonly lease: ReindexLease,
  ) {
    this.plan = lease.plan;
  }

  async run(): Promise<ReindexReport> {
    const { context, engine, lease, plan } = this;
    if (!lease.isSwitched) {
      await engine.build(plan);
      for (let pass = 1; pass <= PASSES && (await this.rewriteAll()) > this.options.batchSize; pass++);
      await lease.check();
    }
    const index = await lease.switch();
    await engine.serve(index);
    // From here on no partition takes what is made for an earlier index, so that one pass is the last that is needed.
    await serveInPartitions(context, index);
    // Whoever still searches by an earlier one notices that it is gone.
    for (let generation = plan.replaces; generation < plan.generation; generation++) {
      await engine.drop({ generation });
    }
    await this.rewriteAll();
    this.report.undecodable = [...this.undecodable, ...(await engine.foreignDocuments(plan))];
    await this.clear();
    return this.report;
  }

  /** Drops the index where another reindex() has come first, whose own replaces it for good. */
  async abandon(): Promise<void> {
    const serving = await readServingIndex(this.context);
    if (serving && serving.generation > this.plan.generation) await this.engine.drop(this.plan);
  }

  /** Goes over all items once. @returns how many of them were not described for the new index yet. */
  private async rewriteAll(): Promise<number> {
    let found = 0;
    await this.eachPage("rewriting", async (page) => {
      found += await this.rewritePage(page);
    });
    return found;
  }

  private async clear(): Promise<void> {
    const { generation, definition } = this.plan;
    const args = [String(generation), definition.text ? "1" : "0"];
    await this.eachPage("clearing", async (page) => {
      const readable = page.filter(({ document }) => !this.undecodable.has(document));
      const calls = readable.map(({ document }) => PRUNE.call([document], args));
      for (const reply of await executeAll(this.context.connection, calls))
        if (reply instanceof Error) throw reply;
    });
  }

  private async eachPage(
    phase: ReindexProgress["phase"],
    visit: (page: Visited[]) => Promise<void>,
  ): Promise<void> {
    const { connection, keys, settings } = this.context;
    const { batchSize, onProgress } = this.options;
    const namespaces = await runTask(connection, namespacesUnder(keys, [], settings.limits));
    const total = await countItems(this.context, namespaces);
    let done = 0;
    const progress = () => onProgress?.({ phase, done, total: Math.max(done, total) });
    for await (const page of visitBatches(this.context, namespaces, batchSize)) {
      await this.lease.check();
      await visit(page);
      done += page.length;
      await progress();
    }
    if (total > 0 || done > 0) return;
    await this.lease.check();
    await progress();
  }

  /** @returns how many items of the page were not described for the new index yet. */
  private async rewritePage(page: readonly Visited[]): Promise<number> {
    const { connection } = this.context;
    const { generation, definition } = this.plan;
    const items = await this.readItems(page);
    const stored = await this.storedVectors(items);
    const wanted = items.flatMap(({ texts }) => texts.filter((text) => !stored.has(text)));
    const embedded =
      (await this.context.embedder?.embedTexts(wanted)) ?? new Map<string, Float32Array | Error>();
    const calls = items.map((item) => {
      const vectors = item.texts.map((text): TextVector => {
        const vector = stored.get(text) ?? embedded.get(text);
        if (!(vector instanceof Float32Array)) throw vector;
        return { text, vector };
      });
      const { settings, codec } = this.context;
      const { textFields } = settings;
      const format = { generation, numericFields: definition.numericFields, textFields, codec };
      return rewriteCall(item, vectors, format);
    });
    for (const reply of await executeAll(connection, calls)) {
      if (reply instanceof Error) throw reply;
      if (reply === -1) throw new ReindexConflictError([], "It has taken over from this one.");
      this.report.items += Number(reply);
    }
    this.report.embedded += embedded.size;
    this.report.reused += new Set(
      items.flatMap(({ texts }) => texts.filter((text) => stored.has(text))),
    ).size;
    return items.length;
  }

  /** The items of a page that are still to be described for the new index. */
  private async readItems(page: readonly Visited[]): Promise<StoredItem[]> {
    const names = [FIELD.generation, FIELD.meta, FIELD.value, FIELD.fields, FIELD.parts];
    const replies = await executeAll(
      this.context.connection,
      page.map(({ document }) => ({ key: document, args: ["HMGET", document, ...names] })),
    );
    return page.flatMap(({ document, namespace, member, serving }, at) => {
      const reply = replies[at];
      if (this.undecodable.has(document)) return [];
      try {
        if (reply instanceof Error) throw reply; // another type of key
        const [generation, meta, value, fields, parts] = reply as Reply[];
        if (!value || generation?.toString() === String(this.plan.generation)) return [];
        const { codec } = this.context;
        const { version } = decodeMeta(meta, document);
        const item = { namespace, key: decodeKeyPart(member), document };
        const decoded = decodeValue(codec.decode(value, item, FIELD.value), document);
        const paths =
          fields && (JSON.parse(codec.decode(fields, item, FIELD.fields)) as string[]).map(FieldPath.parse);
        const texts = extractTexts(decoded, (paths || this.context.settings.vectors?.fields) ?? []);
        const embedded = this.context.embedder ? texts : [];
        const further =
          parts
            ?.toString()
            .split(" ")
            .filter((part) => part !== "") ?? [];
        return [{ document, namespace, serving, version, value: decoded, texts: embedded, parts: further }];
      } catch (error) {
        // A key is missing, or somebody has altered it: to go on without it would take it out of all searches.
        if (error instanceof EncryptionError) throw error;
        this.undecodable.add(document);
        return [];
      }
    });
  }

  /** The stored vectors that can be taken over, by text. */
  private async storedVectors(items: readonly StoredItem[]): Promise<Map<string, Float32Array>> {
    const found = new Map<string, Float32Array>();
    const { from, reembed } = this.plan;
    const { dims, model } = this.plan.definition;
    if (reembed || from.definition.dims !== dims || from.definition.model !== model) return found;
    const names = [FIELD.text(from.generation), FIELD.vector(from.generation)];
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
      const vector = this.context.codec
        .forms("text", text)
        .map((digest) => byDigest.get(digest))
        .find((each) => each);
      if (vector?.length === dims) found.set(text, vector);
    }
    return found;
  }
}

/** The script call that describes an item for another generation of the index, if it still has this version. */
function rewriteCall(
  { document, serving, version, namespace, value }: StoredItem,
  vectors: readonly TextVector[],
  format: DocumentFormat,
): ScriptCall {
  const parts = partNames(format.generation, vectors.length);
  const args = documentArgs({ namespace, value, vectors }, format, []);
  return REWRITE.call([document, serving], [String(version), String(format.generation), parts, ...args]);
}

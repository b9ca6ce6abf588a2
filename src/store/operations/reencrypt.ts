import type { CheckedCallback } from "../../callback.js";
import { InvalidInputError } from "../../errors.js";
import type { Reply } from "../../redis/command.js";
import { decodeKeyPart } from "../../redis/key-encoding.js";
import { execute, executeAll, Script, type ScriptCall } from "../../redis/script.js";
import type { ActiveIndex, StoreContext } from "../context.js";
import { extractTexts, FieldPath } from "../embedding/field-path.js";
import { serveInPartitions } from "../engines/serving-index.js";
import { describePaths, describeWords } from "../items/index-document.js";
import { decodeMeta, FIELD } from "../items/item.js";
import { decodeValue } from "../items/value.js";
import { namespacesUnder } from "../namespaces/registry.js";
import { runTask } from "../pipeline.js";
import type { ReencryptItemsProgress, ReencryptItemsReport } from "../types.js";
import { forgetOtherKeys } from "../used-keys.js";
import markSource from "./mark-encrypted.lua";
import reencryptSource from "./reencrypt.lua";
import { countItems, type Visited, visitBatches } from "./visit-items.js";

/** Exported for tests, which recognise its calls. */
export const REENCRYPT = new Script(reencryptSource);
const MARK_ENCRYPTED = new Script(markSource);

/** What to encrypt anew, checked, with every default filled in. */
export interface Reencryption {
  namespace: string[];
  batchSize: number;
  onProgress: CheckedCallback<[ReencryptItemsProgress]> | undefined;
}

/** Encrypts the items at or under a path with the current key, each as it was when it was looked at. */
export async function reencrypt(
  context: StoreContext,
  { namespace: path, batchSize, onProgress }: Reencryption,
): Promise<ReencryptItemsReport> {
  if (!context.codec.isEncrypted) {
    throw new InvalidInputError("reencrypt needs a store that encrypts. Give the option `encryption`.");
  }
  await context.keysReady();
  const isOfAll = path.length === 0;
  const { index } = await activeForWriting(context);
  const report: ReencryptItemsReport = { items: 0, rewritten: 0 };
  const pass = async () => {
    const { connection, keys, settings } = context;
    const namespaces = await runTask(connection, namespacesUnder(keys, path, settings.limits));
    const total = onProgress ? await countItems(context, namespaces) : 0;
    report.items = 0;
    for await (const batch of visitBatches(context, namespaces, batchSize)) {
      for (let items = batch; items.length > 0; ) items = await rewriteBatch(context, items, report);
      report.items += batch.length;
      await onProgress?.({ ...report, total: Math.max(report.items, total) });
    }
  };
  await pass();
  if (isOfAll && !index.definition.encrypted) {
    await markEncrypted(context);
    // What others put without encryption until now; from here on they are refused.
    await pass();
  }
  const { connection, keys, settings } = context;
  if (isOfAll && settings.keyring) {
    await forgetOtherKeys(connection, keys.encryption, settings.keyring.cipher("item"));
  }
  return report;
}

/** @throws {IndexMismatchError} when this store is not configured for the index: it does not know which words count. */
async function activeForWriting(context: StoreContext): Promise<ActiveIndex> {
  const active = await context.activeIndex();
  if (active.readOnly) throw active.readOnly;
  return active;
}

/** Lets nobody put without encryption any more, nor use the store without keys. */
async function markEncrypted(context: StoreContext): Promise<void> {
  for (;;) {
    const { index } = await activeForWriting(context);
    if (index.definition.encrypted) return serveInPartitions(context, index);
    const { connection, keys } = context;
    const definition = JSON.stringify({ ...index.definition, encrypted: true });
    await execute(connection, MARK_ENCRYPTED.call([keys.definition], [index.text, definition]));
    context.forget(); // whatever serves now is looked at
  }
}

/** @returns the items that were changed meanwhile. */
async function rewriteBatch(
  context: StoreContext,
  batch: readonly Visited[],
  report: ReencryptItemsReport,
): Promise<Visited[]> {
  const { connection } = context;
  const names = [FIELD.value, FIELD.fields, FIELD.meta, FIELD.paths, FIELD.words];
  const stored = await executeAll(
    connection,
    batch.map(({ document }) => ({ key: document, args: ["HMGET", document, ...names] })),
  );
  const outdated = batch.flatMap((item, at) => {
    const reply = stored[at];
    if (reply instanceof Error) throw reply;
    const call = rewriteCall(context, item, reply as Reply[]);
    return call ? [{ item, call }] : [];
  });
  const replies = await executeAll(
    connection,
    outdated.map(({ call }) => call),
  );
  return outdated.flatMap(({ item }, at) => {
    const reply = replies[at];
    if (reply instanceof Error) throw reply;
    report.rewritten += Number(reply);
    return reply === 0 ? [item] : [];
  });
}

/** The script call that writes an item as it is encrypted at present; `undefined` when it is, or is gone. */
function rewriteCall(
  { codec, settings }: StoreContext,
  { namespace, member, document }: Visited,
  [value, fields, meta, paths, words]: Reply[],
): ScriptCall | undefined {
  if (!value) return undefined;
  const item = { namespace, key: decodeKeyPart(member), document };
  const text = codec.decode(value, item, FIELD.value);
  const sources = fields ? codec.decode(fields, item, FIELD.fields) : undefined;
  const decoded = decodeValue(text, document);
  const format = { codec, numericFields: settings.numericFields, textFields: settings.textFields };
  const newPaths = describePaths(decoded, format).paths;
  const newWords = describeWords(decoded, format) ?? "";
  // What it is found by has the key of whoever described it last, which may have been another one's reindex().
  const isFound = paths?.toString() === newPaths && (words === null || words?.toString() === newWords);
  if (codec.isCurrent(value) && (!fields || codec.isCurrent(fields)) && isFound) return undefined;
  const embedded = sources === undefined ? undefined : (JSON.parse(sources) as string[]).map(FieldPath.parse);
  const texts = extractTexts(decoded, embedded ?? settings.vectors?.fields ?? []);
  const digests = codec.terms("text", texts);
  return REENCRYPT.call(
    [document],
    [
      String(decodeMeta(meta, document).version),
      codec.encode(text, item, FIELD.value),
      sources === undefined ? "" : codec.encode(sources, item, FIELD.fields),
      newPaths,
      newWords,
      ...texts.flatMap((each, at) =>
        codec.forms("text", each).flatMap((form) => [form, digests[at] as string]),
      ),
    ],
  );
}

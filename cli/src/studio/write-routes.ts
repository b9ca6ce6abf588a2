import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import { Hono } from "hono";
import { z } from "zod";
import { NO_EMBEDDINGS } from "../embeddings.js";
import { CommandError } from "../errors.js";
import { type InspectContext, isPlainJson, readItem } from "../inspect/index.js";
import { configOf, openIndexed } from "../inspect/index-config.js";
import { forkThread } from "../operate/fork.js";
import { parseBody, requiredFound } from "./requests.js";

const text = z.string().min(1);
const path = z.array(z.string()).min(1);
/** Minutes from now; null for never. */
const minutes = z.number().positive().nullable();
const version = z.number().int();
const value = z.record(z.string(), z.unknown());

const NOT_PLAIN =
  "The value holds parts for which JSON has no form, such as bytes. They would be lost: edit it with the library.";

/** @returns undefined for a moment that has passed. */
function minutesUntil(moment: Date): number | undefined {
  const left = moment.getTime() - Date.now();
  return left > 0 ? left / 60_000 : undefined;
}

/** What the page may change, when the viewer was started for that. Without `--write` these routes do not exist. */
export function writeRoutes(context: InspectContext, embeddings: EmbeddingsInterface | undefined): Hono {
  const { saver, store } = context;
  /** The store with the index that its programs have: what is put is found as theirs is. */
  const indexedStore = async () => {
    const index = await store.inspectIndex();
    if (index === undefined) return store;
    if (index.dims !== null && embeddings === undefined) {
      throw new CommandError(
        "The texts of items have vectors in this store, and no embedding model was given.",
        "Start the viewer with --embeddings, or set OPENAI_API_KEY.",
      );
    }
    return openIndexed(context, configOf(index, embeddings ?? NO_EMBEDDINGS));
  };
  const api = new Hono();

  const fork = z.object({ threadId: text, ns: z.string(), checkpointId: text, target: text });
  api.post("/fork", async (c) => {
    const request = await parseBody(c, fork);
    return c.json({ threadId: request.target, checkpointId: await forkThread(saver, request) });
  });

  const thread = z.object({ thread: text });
  api.post("/delete-thread", async (c) => {
    const { thread: threadId } = await parseBody(c, thread);
    await saver.deleteThread(threadId);
    return c.json({});
  });

  const expiry = thread.extend({ minutes });
  api.post("/expire-thread", async (c) => {
    const { thread: threadId, minutes } = await parseBody(c, expiry);
    const found = minutes === null ? saver.persist(threadId) : saver.expire(threadId, minutes);
    return c.json(requiredFound((await found) || undefined, "thread"));
  });

  const item = z.object({ path, key: z.string() });
  api.post("/delete-item", async (c) => {
    const { path, key } = await parseBody(c, item);
    await store.delete(path, key);
    return c.json({});
  });

  const edit = item.extend({ value, version });
  api.post("/edit-item", async (c) => {
    const { path, key, value, version } = await parseBody(c, edit);
    const { value: stored, expiresAt } = requiredFound((await store.get(path, key)) ?? undefined, "item");
    if (!isPlainJson(stored)) throw new CommandError(NOT_PLAIN);
    const ttl = expiresAt === undefined ? null : requiredFound(minutesUntil(expiresAt), "item");
    // What was read just now is of the version that is replaced, or nothing is.
    await (await indexedStore()).put(path, key, value, { ttl, ifVersion: version });
    return c.json(requiredFound(await readItem(context, path, key), "item"));
  });

  const expireItem = item.extend({ minutes, version });
  api.post("/expire-item", async (c) => {
    const { path, key, minutes, version } = await parseBody(c, expireItem);
    const found = requiredFound((await store.get(path, key)) ?? undefined, "item");
    await (await indexedStore()).put(path, key, found.value, { ttl: minutes, ifVersion: version });
    return c.json(requiredFound(await readItem(context, path, key), "item"));
  });
  return api;
}

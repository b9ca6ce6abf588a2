import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import { Hono } from "hono";
import { z } from "zod";
import {
  diagnose,
  diffCheckpoints,
  type InspectContext,
  listItems,
  listNamespaces,
  listThreads,
  readItem,
  readServers,
  readState,
  sampleMemory,
  searchItems,
  searchModes,
  threadTree,
} from "../inspect/index.js";
import { NotFoundError, parseQuery, requiredFound } from "./requests.js";

const text = z.string().min(1);
const cursor = text.optional();
const limit = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);

/** Text that has to be JSON of a shape. */
const json = <Shape extends z.ZodType>(shape: Shape) =>
  z
    .string()
    .transform((value, context) => {
      try {
        return JSON.parse(value) as unknown;
      } catch {
        context.addIssue({ code: "custom", message: "is no JSON" });
        return z.NEVER;
      }
    })
    .pipe(shape);

const path = json(z.array(z.string()));
const filter = json(z.record(z.string(), z.unknown())).optional();

/** What the page reads. Nothing here changes anything. */
export function readRoutes(
  context: InspectContext,
  about: object,
  embeddings: EmbeddingsInterface | undefined,
): Hono {
  const api = new Hono();

  api.get("/about", async (c) => {
    // An index may have been made since the viewer was started.
    const modes = await searchModes(context);
    const meaning = modes.includes("vector") && embeddings !== undefined;
    return c.json({ ...about, search: { words: modes.includes("text"), meaning } });
  });

  const threads = z.object({ search: text.optional(), cursor, limit: limit(500, 100) });
  api.get("/threads", async (c) => c.json(await listThreads(context, parseQuery(c, threads))));

  const tree = z.object({ thread: text, cursor, since: text.optional(), limit: limit(2_000, 1_000) });
  api.get("/tree", async (c) => {
    const { thread, ...options } = parseQuery(c, tree);
    return c.json(requiredFound(await threadTree(context, thread, options), "thread"));
  });

  const checkpoint = z.object({ thread: text, ns: z.string(), checkpoint: text });
  api.get("/state", async (c) => {
    const { thread, ns, checkpoint: checkpointId } = parseQuery(c, checkpoint);
    return c.json(requiredFound(await readState(context, thread, { ns, checkpointId }), "checkpoint"));
  });

  const difference = checkpoint.extend({ parent: text });
  api.get("/difference", async (c) => {
    const { thread, ns, parent, checkpoint: checkpointId } = parseQuery(c, difference);
    const from = { ns, checkpointId: parent };
    const to = { ns, checkpointId };
    const found = await diffCheckpoints(context, thread, from, to);
    if (found === undefined)
      throw new NotFoundError("The parent, or the checkpoint itself, is not there any more.");
    return c.json(found);
  });

  const namespaces = z.object({ cursor, limit: limit(2_000, 1_000) });
  api.get("/namespaces", async (c) => c.json(await listNamespaces(context, parseQuery(c, namespaces))));

  const items = z.object({ path, filter, cursor, limit: limit(500, 50) });
  api.get("/items", async (c) => {
    const { path, ...options } = parseQuery(c, items);
    return c.json(await listItems(context, path, options));
  });

  const search = z.object({
    path,
    filter,
    query: text,
    mode: z.enum(["text", "vector"]),
    limit: limit(100, 25),
    cursor: z.coerce.number().int().min(0).default(0),
  });
  api.get("/search", async (c) => {
    const { path, query, cursor: offset, limit, ...options } = parseQuery(c, search);
    const { rows } = await searchItems(context, path, query, { ...options, limit, offset, embeddings });
    return c.json({ rows, ...(rows.length === limit && { next: String(offset + limit) }) });
  });

  const item = z.object({ path, key: z.string() });
  api.get("/item", async (c) => {
    const { path, key } = parseQuery(c, item);
    return c.json(requiredFound(await readItem(context, path, key), "item"));
  });

  api.get("/doctor", async (c) => c.json(await diagnose(context)));
  api.get("/servers", async (c) => c.json(await readServers(context)));
  api.get("/memory", async (c) => c.json(await sampleMemory(context)));
  return api;
}

import { readFileSync } from "node:fs";
import { Option } from "commander";
import type { SearchMode } from "langgraph-redis";
import { fixedVector, loadEmbeddings } from "../embeddings.js";
import { UsageError } from "../errors.js";
import { readStats, searchItems } from "../inspect/index.js";
import { jsonObject, positiveInteger } from "../options.js";
import { parsePath } from "../path.js";
import { formatBytes, formatCount, plural } from "../print/format.js";
import { type AddCommand, examples, withRedis } from "./command.js";
import { PATHS, printItems } from "./items.js";

interface SearchCommandOptions {
  mode?: SearchMode;
  filter?: Record<string, unknown>;
  limit: number;
  vector?: string;
  embeddings?: string;
  openaiModel?: string;
}

export const addSearch: AddCommand = (program, environment) => {
  program
    .command("search <path> <words...>")
    .description("items in a namespace and below it that fit the words best, by words or by meaning")
    .addOption(
      new Option("--mode <mode>", "how (default: vector with a model, else text)").choices([
        "text",
        "vector",
        "hybrid",
      ]),
    )
    .option("--filter <json>", "only those that match", jsonObject)
    .option("--limit <count>", "how many", positiveInteger, 10)
    .option("--vector <file>", "the query's vector: a file with a JSON array of numbers")
    .option("--embeddings <module>", "a module whose default export is a LangChain Embeddings")
    .option("--openai-model <name>", "OpenAI's model, with the key in OPENAI_API_KEY")
    .addHelpText(
      "after",
      `${examples(
        ["search memories/user-1 pizza", "by words"],
        ["search memories what does the user eat --embeddings ./model.mjs", "by meaning"],
        ["search / food --mode vector --vector query.json --json", "with a vector of your own"],
      )}\n${PATHS}`,
    )
    .action((path: string, words: string[], _, command) =>
      withRedis<SearchCommandOptions>(environment, command, async ({ inspect, print, io }, options) => {
        const { mode, filter, limit, vector } = options;
        const index = await inspect.store.inspectIndex();
        const embeddings =
          vector !== undefined
            ? fixedVector(readVector(vector))
            : mode === "text"
              ? undefined
              : await loadEmbeddings(options, io.env, index ?? { dims: null, model: null });
        const query = words.join(" ");
        const found = await searchItems(inspect, parsePath(path), query, { mode, filter, limit, embeddings });
        await (print.isJson ? print.json(found) : printItems(print, found.rows));
      }),
    );
};

function readVector(path: string): number[] {
  try {
    const vector: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (Array.isArray(vector) && vector.length > 0 && vector.every(Number.isFinite)) return vector;
  } catch {
    // Told below.
  }
  throw new UsageError(`--vector: ${path} is no file with a JSON array of numbers.`);
}

export const addStats: AddCommand = (program, environment) => {
  program
    .command("stats")
    .description("how many threads, items and vectors there are, and what they take")
    .addHelpText(
      "after",
      examples(["stats", "for people"], ["stats --json | jq .threads.count", "a figure of it"]),
    )
    .action((_, command) =>
      withRedis(environment, command, async ({ inspect, print }) => {
        const stats = await readStats(inspect);
        if (print.isJson) return print.json(stats);
        const { servers, threads, store } = stats;
        const { sample } = threads;
        const about = (count: number, isExact: boolean) => formatCount(count) + (isExact ? "" : " or more");
        const rows = servers.map(({ node, usedMemory, maxMemory, operationsPerSecond, clients }) => {
          const limit = maxMemory === 0 ? "" : ` of ${formatBytes(maxMemory)}`;
          const load = `${plural(operationsPerSecond, "operation")} a second, ${plural(clients, "client")}`;
          return [node, `${formatBytes(usedMemory)}${limit}, ${load}`];
        });
        rows.push(["threads", about(threads.count, threads.isExact)]);
        if (sample.threads > 0) {
          const each = `${formatBytes(sample.bytes / sample.threads)}, ${formatCount(Math.round(sample.checkpoints / sample.threads))} checkpoints`;
          rows.push(["  each, on average", `${each} (of the ${plural(sample.threads, "newest", "newest")})`]);
          rows.push(["  together, about", formatBytes(threads.estimatedBytes)]);
        }
        rows.push([
          "items",
          `${about(store.items, store.isExact)} in ${plural(store.namespaces, "namespace")}`,
        ]);
        if (store.index) {
          const { name, vectors, bytes } = store.index;
          const known =
            bytes === undefined ? "" : `: ${plural(vectors ?? 0, "vector")}, ${formatBytes(bytes)}`;
          rows.push(["index", `${name}${known}`]);
        }
        await print.table(["", ""], rows);
      }),
    );
};

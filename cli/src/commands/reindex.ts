import { Option } from "commander";
import type { Distance, StoredIndexInfo } from "langgraph-redis";
import { loadEmbeddings, NO_EMBEDDINGS } from "../embeddings.js";
import { UsageError } from "../errors.js";
import { configOf, openIndexed } from "../inspect/index-config.js";
import { list, positiveInteger } from "../options.js";
import { cleanLine, plural } from "../print/format.js";
import { finish } from "./change-threads.js";
import { type AddCommand, examples, withRedis } from "./command.js";
import { type ChangeOptions, confirmed } from "./confirm.js";
import { startProgress } from "./progress.js";
import { addChangeOptions } from "./select.js";

interface ReindexCommandOptions extends ChangeOptions {
  dims?: number;
  model?: string;
  distance?: Distance;
  algorithm?: "hnsw" | "flat";
  m?: number;
  efConstruction?: number;
  text?: boolean;
  numericFields?: string[];
  fields?: string[];
  reembed?: boolean;
  embeddings?: string;
  openaiModel?: string;
}

export const addReindex: AddCommand = (program, environment) => {
  addChangeOptions(program.command("reindex"))
    .description("build the store's index anew, or another one; the old one serves until that is done")
    .option("--dims <count>", "dimensions of the vectors", positiveInteger)
    .option("--model <name>", "the name of the model, kept with the index")
    .addOption(
      new Option("--distance <distance>", "how vectors are compared").choices(["cosine", "l2", "ip"]),
    )
    .addOption(new Option("--algorithm <algorithm>", "of the index of vectors").choices(["hnsw", "flat"]))
    .option("--m <count>", "of HNSW: connections of each vector", positiveInteger)
    .option("--ef-construction <count>", "of HNSW: candidates when a vector is added", positiveInteger)
    .option("--text", "index the words of items, too")
    .option("--no-text", "do not index words any more")
    .option("--numeric-fields <paths>", "paths whose numbers are indexed, with commas between them", list)
    .option(
      "--fields <paths>",
      "what is embedded, and whose words are indexed: index.fields of your program (default: $)",
      list,
    )
    .option("--reembed", "embed every text again")
    .option("--embeddings <module>", "a module whose default export is a LangChain Embeddings")
    .option("--openai-model <name>", "OpenAI's model, with the key in OPENAI_API_KEY")
    .addHelpText(
      "after",
      `${examples(
        ["reindex", "the same index anew"],
        ["reindex --text", "with words, too"],
        [
          "reindex --dims 3072 --model text-embedding-3-large --openai-model text-embedding-3-large",
          "another model",
        ],
      )}\n\nWhat is not said stays as it is. Your programs have to be configured for the new index.`,
    )
    .action((_, command) =>
      withRedis<ReindexCommandOptions>(environment, command, async (context, options) => {
        const { inspect, io } = context;
        const index = await inspect.store.inspectIndex();
        if (index === undefined)
          throw new UsageError("there is no index to build: nothing was put into the store yet.");
        const wanted = changed(index, options);
        const model = await loadEmbeddings(options, io.env, wanted);
        const isOther =
          wanted.dims !== index.dims || wanted.model !== index.model || options.reembed === true;
        if (wanted.dims !== null && isOther && model === undefined) {
          throw new UsageError(
            "texts are embedded again: what does it?",
            "Give --embeddings, or set OPENAI_API_KEY.",
          );
        }
        const config = configOf(wanted, model ?? NO_EMBEDDINGS);
        const summary = [`Builds the index ${cleanLine(index.name)} anew.`, ...differences(index, wanted)];
        let report = { items: 0, embedded: 0, reused: 0, undecodable: [] as string[] };
        if (await confirmed(context, summary, options)) {
          const store = openIndexed(inspect, config, options.fields);
          const bar = startProgress(io, index.search?.exists ? index.search.items : 2, "items");
          try {
            report = await store.reindex({
              reembed: options.reembed === true,
              onProgress: ({ done, total }) => {
                io.signal.throwIfAborted();
                bar.update(done, total);
              },
            });
          } finally {
            bar.stop();
          }
        }
        for (const key of report.undecodable) await context.print.note(`left as it is: ${cleanLine(key)}`);
        const text = `Indexed ${plural(report.items, "item")}: ${plural(report.embedded, "text")} embedded, ${plural(report.reused, "vector")} taken over.`;
        await finish(context, options, report, text);
      }),
    );
};

function changed(index: StoredIndexInfo, options: ReindexCommandOptions): StoredIndexInfo {
  const { dims, model, distance, algorithm, m, efConstruction, text, numericFields } = options;
  const given = Object.entries({ dims, model, distance, algorithm, m, efConstruction, text, numericFields });
  return { ...index, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) };
}

function differences(before: StoredIndexInfo, after: StoredIndexInfo): string[] {
  const names = [
    "dims",
    "model",
    "distance",
    "algorithm",
    "m",
    "efConstruction",
    "text",
    "numericFields",
  ] as const;
  return names
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map(
      (name) => `  ${name}: ${cleanLine(`${JSON.stringify(before[name])} → ${JSON.stringify(after[name])}`)}`,
    );
}

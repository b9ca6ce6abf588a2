import { createWriteStream, existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { loadEmbeddings, NO_EMBEDDINGS } from "../embeddings.js";
import { CommandError, UsageError } from "../errors.js";
import { configOf, openIndexed } from "../inspect/index-config.js";
import { type ExportReport, exportLines } from "../operate/export.js";
import { importLines, readLines, summarize } from "../operate/import.js";
import { checkSelection, measureThreads } from "../operate/select-threads.js";
import { list } from "../options.js";
import { parsePath } from "../path.js";
import { cleanLine, plural } from "../print/format.js";
import { finish } from "./change-threads.js";
import { type AddCommand, examples, withRedis } from "./command.js";
import { type ChangeOptions, confirmed } from "./confirm.js";
import { PATHS } from "./items.js";
import { startProgress } from "./progress.js";
import { addChangeOptions, addSelection, type SelectOptions, toSelection } from "./select.js";

interface ExportOptions extends SelectOptions {
  items?: string;
  out?: string;
  dryRun?: boolean;
}

export const addExport: AddCommand = (program, environment) => {
  addSelection(program.command("export [threads...]"))
    .description("threads and items as JSON lines, to be imported again")
    .option("--items <path>", "also, or instead, the items of this namespace and below it; / for all")
    .option("--out <file>", "a file (default: the standard output)")
    .option("--dry-run", "say what would be exported")
    .addHelpText(
      "after",
      `${examples(
        ["export conversation-1 --out conversation-1.jsonl", "a thread"],
        ["export --all --items / --out backup.jsonl", "everything"],
        ["export --items memories | gzip > memories.jsonl.gz", "items, compressed"],
      )}\n${PATHS}`,
    )
    .action((ids: string[], _, command) =>
      withRedis<ExportOptions>(environment, command, async (context, options) => {
        const { inspect, io, print } = context;
        const { items, out } = options;
        const threads = toSelection(ids, options);
        const hasThreads =
          ids.length > 0 || options.all || options.search !== undefined || options.idle !== undefined;
        if (hasThreads || items === undefined) checkSelection(threads);
        const path = items === undefined ? undefined : parsePath(items);
        if (out !== undefined && existsSync(out)) throw new UsageError(`--out: ${out} exists already.`);
        const count = hasThreads ? await measureThreads(inspect.saver, threads, io.signal) : undefined;
        const report: ExportReport = { threads: 0, checkpoints: 0, items: 0 };
        if (options.dryRun) {
          const stored = path === undefined ? 0 : await countAt(inspect.store, path);
          const would = { threads: count?.count ?? 0, items: stored };
          if (print.isJson) return print.json({ dryRun: true, ...would });
          return print.line(
            `Would export ${plural(would.threads, "thread")} and ${plural(would.items, "item")}.`,
          );
        }
        const bar = startProgress(io, count?.count ?? 0, "threads");
        const request = { ...(hasThreads && { threads }), ...(path && { items: path }) };
        const lines = exportLines(inspect, request, report, bar.update, io.signal);
        try {
          if (out === undefined) for await (const line of lines) await print.jsonLine(line);
          else await writeFile(out, lines);
        } finally {
          bar.stop();
        }
        const { threads: written, checkpoints } = report;
        const text = `Exported ${plural(written, "thread")}, ${plural(checkpoints, "checkpoint")}, ${plural(report.items, "item")}.`;
        if (!print.isJson) await print.note(text);
        else if (out !== undefined) await print.json(report);
      }),
    );
};

async function countAt(store: Parameters<typeof openIndexed>[0]["store"], path: string[]): Promise<number> {
  let count = 0;
  for await (const _ of store.iterate(path)) count += 1;
  return count;
}

/** The file has its name when it is complete. */
async function writeFile(path: string, lines: AsyncIterable<object>): Promise<void> {
  const part = `${path}.part`;
  const texts = async function* () {
    for await (const line of lines) yield `${JSON.stringify(line)}\n`;
  };
  try {
    await pipeline(texts, createWriteStream(part));
    await rename(part, path);
  } catch (error) {
    const { syscall, code, path: of } = error as NodeJS.ErrnoException;
    // Others than those of files are of what is exported.
    if (syscall === undefined || (of === undefined && syscall !== "write")) throw error;
    throw new CommandError(`--out: ${path} cannot be written (${code}).`, undefined, { cause: error });
  }
}

interface ImportCommandOptions extends ChangeOptions {
  skipExisting?: boolean;
  embeddings?: string;
  openaiModel?: string;
  vectors?: boolean;
  fields?: string[];
}

export const addImport: AddCommand = (program, environment) => {
  addChangeOptions(program.command("import <file>"))
    .description("bring back what was exported; - is the standard input")
    .option("--skip-existing", "leave threads and items alone that are there")
    .option(
      "--embeddings <module>",
      "what embeds items: a module whose default export is a LangChain Embeddings",
    )
    .option("--openai-model <name>", "OpenAI's model, with the key in OPENAI_API_KEY")
    .option("--no-vectors", "put items without vectors: searches by meaning do not find them")
    .option(
      "--fields <paths>",
      "what is embedded, and whose words are indexed: index.fields of your program",
      list,
    )
    .addHelpText(
      "after",
      examples(
        ["import backup.jsonl --dry-run", "what it holds"],
        ["import backup.jsonl --yes --prefix restored", "below another prefix"],
        ["import - --yes < backup.jsonl", "from a pipe"],
      ),
    )
    .action((file: string, _, command) =>
      withRedis<ImportCommandOptions>(environment, command, async (context, options) => {
        const { inspect, io } = context;
        const fromPipe = file === "-";
        if (fromPipe && !options.yes)
          throw new UsageError("what comes from a pipe cannot be summed up before: add --yes.");
        const planned = fromPipe ? undefined : await summarize(readLines(file), inspect.saver);
        const summary = planned === undefined ? [] : describePlan(file, planned);
        const report = { threads: 0, checkpoints: 0, items: 0, skipped: 0, expired: 0, isComplete: true };
        if (await confirmed(context, summary, options)) {
          const index = await inspect.store.inspectIndex();
          const needsModel = index !== undefined && index.dims !== null && options.vectors !== false;
          const model = needsModel ? await loadEmbeddings(options, io.env, index) : undefined;
          if (needsModel && model === undefined && planned?.items !== 0) {
            throw new UsageError(
              "the items of this store have vectors: what makes them?",
              "Give --embeddings, or OPENAI_API_KEY, or --no-vectors.",
            );
          }
          const store = openIndexed(
            inspect,
            index && configOf(index, model ?? NO_EMBEDDINGS),
            options.fields,
          );
          const bar = startProgress(io, planned ? planned.threads + planned.items : 0, "threads and items");
          const how = {
            skipExisting: options.skipExisting === true,
            index: model ? undefined : (false as const),
          };
          try {
            const lines = readLines(fromPipe ? io.stdin : file);
            Object.assign(report, await importLines(lines, inspect.saver, store, how, bar.update, io.signal));
          } finally {
            bar.stop();
          }
        } else if (planned) {
          Object.assign(report, planned);
        }
        const rest = [
          ...(report.skipped > 0 ? [`${report.skipped} were there`] : []),
          ...(report.expired > 0 ? [`${report.expired} had expired`] : []),
        ];
        const { threads, checkpoints, items } = report;
        const done = `Imported ${plural(threads, "thread")}, ${plural(checkpoints, "checkpoint")}, ${plural(items, "item")}`;
        await finish(context, options, report, `${[done, ...rest].join("; ")}.`);
        if (!report.isComplete && !options.dryRun) {
          throw new CommandError(
            "the file was cut off, or lines of it are missing: all that it has was imported.",
            "The last thread may lack checkpoints. Import the whole export: --skip-existing leaves alone what is whole.",
          );
        }
      }),
    );
};

function describePlan(file: string, plan: Awaited<ReturnType<typeof summarize>>): string[] {
  const { threads, checkpoints, items, existing, isComplete } = plan;
  return [
    `${cleanLine(file)}: ${plural(threads, "thread")}, ${plural(checkpoints, "checkpoint")}, ${plural(items, "item")}.`,
    ...(isComplete ? [] : ["It was cut off, or lines of it are missing."]),
    ...(existing > 0
      ? [
          `${plural(existing, "thread is", "threads are")} there: their checkpoints with the same ids are replaced, others stay.`,
        ]
      : []),
  ];
}

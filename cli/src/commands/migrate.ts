import { Option } from "commander";
import {
  type CopyStoreReport,
  type CopyThreadsReport,
  copyStore,
  copyThreads,
  type ItemFailure,
  type ThreadFailure,
} from "langgraph-redis/migrate";
import { loadEmbeddings, NO_EMBEDDINGS } from "../embeddings.js";
import { CommandError, UsageError } from "../errors.js";
import { configOf, openIndexed } from "../inspect/index-config.js";
import { openSource, type Source } from "../operate/sources.js";
import { list, positiveInteger } from "../options.js";
import { formatPath } from "../path.js";
import { cleanLine, plural } from "../print/format.js";
import { Secrets } from "../secrets.js";
import { finish } from "./change-threads.js";
import { type AddCommand, type CommandContext, examples, withRedis } from "./command.js";
import { type ChangeOptions, confirmed } from "./confirm.js";
import { startProgress } from "./progress.js";
import { addChangeOptions } from "./select.js";

interface MigrateOptions extends ChangeOptions {
  threads?: string[] | boolean;
  items?: boolean;
  onExisting: "error" | "skip" | "replace";
  concurrency: number;
  verify?: boolean;
  embeddings?: string;
  openaiModel?: string;
  vectors?: boolean;
  fields?: string[];
}

export const addMigrate: AddCommand = (program, environment) => {
  addChangeOptions(program.command("migrate <source>"))
    .description("copy threads, and items, from LangGraph's Postgres, SQLite or Redis saver")
    .option("--threads <ids>", "only these threads, with commas between them", list)
    .option("--no-threads", "no threads")
    .option("--items", "also the items of the store that is there (Postgres)")
    .addOption(
      new Option("--on-existing <what>", "threads and items that are there with other content")
        .choices(["error", "skip", "replace"])
        .default("error"),
    )
    .option("--concurrency <count>", "how many threads at a time", positiveInteger, 4)
    .option("--verify", "read both sides back, and compare")
    .option(
      "--embeddings <module>",
      "what embeds items: a module whose default export is a LangChain Embeddings",
    )
    .option("--openai-model <name>", "OpenAI's model, with the key in OPENAI_API_KEY")
    .option("--no-vectors", "put items without vectors")
    .option(
      "--fields <paths>",
      "what is embedded, and whose words are indexed: index.fields of your program",
      list,
    )
    .addHelpText(
      "after",
      `${examples(
        ["migrate postgresql://localhost:5432/agents --dry-run", "what would be copied"],
        ["migrate checkpoints.db --verify --yes", "from SQLite"],
        ["migrate redis://localhost:6379 --yes", "from LangGraph's own saver on Redis"],
      )}\n\nCalled again, it copies what came since. LangGraph's package for the source has to be installed.`,
    )
    .action((address: string, _, command) =>
      withRedis<MigrateOptions>(environment, command, async (context, options) => {
        if (options.threads === false && !options.items)
          throw new UsageError("neither threads nor items: nothing to do.");
        const secrets = secretsOf(address);
        try {
          const source = await openSource(address, process.cwd());
          try {
            await migrate(context, source, options);
          } finally {
            await source.close();
          }
        } catch (error) {
          if (error instanceof Error) error.message = secrets.redact(error.message);
          throw error;
        }
      }),
    );
};

function secretsOf(address: string): Secrets {
  return URL.canParse(address) ? new Secrets([new URL(address)]) : new Secrets([]);
}

async function migrate(context: CommandContext, source: Source, options: MigrateOptions): Promise<void> {
  const { inspect, io, print, exit } = context;
  const { dryRun = false, verify = false, onExisting } = options;
  if (options.items && source.store === undefined)
    throw new CommandError("this kind of source has no store.");
  const parts = [...(options.threads === false ? [] : ["threads"]), ...(options.items ? ["items"] : [])].join(
    " and ",
  );
  const to = `${inspect.server.description}, keys ${inspect.keyPrefix}:*`;
  const summary = `Copies ${parts} from ${cleanLine(source.description)} to ${to}.`;
  if (!dryRun) await confirmed(context, [summary], options);
  const common = { dryRun, verify, onExisting, signal: io.signal };
  let threads: CopyThreadsReport | undefined;
  if (options.threads !== false) {
    const bar = startProgress(io, 2, "threads");
    const only = Array.isArray(options.threads) ? { threads: options.threads } : {};
    const onProgress = ({ threads: done, total }: { threads: number; total: number | undefined }) =>
      bar.update(done, total);
    const { concurrency } = options;
    threads = await copyThreads(source.saver, inspect.saver, {
      ...common,
      ...only,
      concurrency,
      onProgress,
    }).finally(bar.stop);
  }
  let items: CopyStoreReport | undefined;
  if (options.items && source.store) {
    const bar = startProgress(io, 2, "items");
    const onProgress = ({ items: done, total }: { items: number; total: number }) => bar.update(done, total);
    const { store, index } = await targetStore(context, options);
    items = await copyStore(source.store, store, { ...common, onProgress, ...(index && { index }) }).finally(
      bar.stop,
    );
  }
  const failures = [...(threads?.errors ?? []), ...(items?.errors ?? [])];
  const differences = [...(threads?.differences ?? []), ...(items?.differences ?? [])];
  if (failures.length > 0 || differences.length > 0) exit(1);
  for (const failure of failures) await print.note(describeFailure(failure));
  for (const difference of differences) await print.note(`differs: ${cleanLine(JSON.stringify(difference))}`);
  const report = { threads: threads && withTexts(threads), items: items && withTexts(items) };
  const would = dryRun ? "Would copy" : "Copied";
  const texts = [
    ...(threads
      ? [
          `${plural(threads.copied, "thread")} (${plural(threads.checkpoints, "checkpoint")}), ${threads.unchanged} were there`,
        ]
      : []),
    ...(items ? [`${plural(items.copied, "item")}, ${items.unchanged} were there`] : []),
  ];
  const text = `${would} ${texts.join("; ")}${failures.length > 0 ? `; ${failures.length} failed` : ""}.`;
  if (dryRun && !print.isJson) await print.line(text);
  await finish(context, options, report, text);
}

/** The target's store as its index was made, and whether items get vectors. */
async function targetStore({ inspect, io }: CommandContext, options: MigrateOptions) {
  const index = await inspect.store.inspectIndex();
  const needsModel = index !== undefined && index.dims !== null && options.vectors !== false;
  const model = needsModel ? await loadEmbeddings(options, io.env, index) : undefined;
  if (needsModel && model === undefined) {
    throw new UsageError(
      "the items of this store have vectors: what makes them?",
      "Give --embeddings, or OPENAI_API_KEY, or --no-vectors.",
    );
  }
  const store = openIndexed(inspect, index && configOf(index, model ?? NO_EMBEDDINGS), options.fields);
  return { store, index: model ? undefined : () => false as const };
}

function describeFailure(failure: ThreadFailure | ItemFailure): string {
  const { message = String(failure.error) } = failure.error as Error;
  const what =
    "threadId" in failure
      ? `thread ${failure.threadId}`
      : `item ${formatPath(failure.namespace)} ${failure.key}`;
  return cleanLine(`${what}: ${message}`);
}

/** Errors have no form in JSON. */
function withTexts<Report extends { errors: readonly { error: unknown }[] }>(report: Report) {
  const errors = report.errors.map((each) => ({
    ...each,
    error: (each.error as Error).message ?? String(each.error),
  }));
  return { ...report, errors };
}

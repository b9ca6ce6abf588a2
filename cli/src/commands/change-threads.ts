import { Option } from "commander";
import { CommandError, UsageError } from "../errors.js";
import { countPrunable, eachThread, pruneThreads } from "../operate/prune.js";
import { checkSelection, measureThreads } from "../operate/select-threads.js";
import { duration, jsonObject, positiveInteger } from "../options.js";
import { formatPath, parsePath } from "../path.js";
import { cleanLine, plural } from "../print/format.js";
import { type AddCommand, type CommandContext, examples, withRedis } from "./command.js";
import { type ChangeOptions, confirmed } from "./confirm.js";
import { PATHS } from "./items.js";
import { startProgress } from "./progress.js";
import {
  addChangeOptions,
  addSelection,
  describeThreads,
  type SelectOptions,
  toSelection,
} from "./select.js";
import { noThread } from "./threads.js";

export const addCopy: AddCommand = (program, environment) => {
  addChangeOptions(program.command("copy <source> <target>"))
    .description("copy a thread, with all its checkpoints and pending writes")
    .addHelpText("after", examples(["copy conversation-1 what-if", "to try something without changing it"]))
    .action((source: string, target: string, _, command) =>
      withRedis<ChangeOptions>(environment, command, async (context, options) => {
        const { saver } = context.inspect;
        const [from, to] = await Promise.all([saver.threadStats(source), saver.threadStats(target)]);
        if (from === undefined) throw noThread(source);
        if (to !== undefined)
          throw new CommandError(`thread ${JSON.stringify(target)} exists already.`, "Delete it first.");
        const summary = `Copies thread ${cleanLine(source)} (${plural(from.checkpoints, "checkpoint")}) to ${cleanLine(target)}.`;
        // Nothing is lost by a copy: there is nothing to ask.
        const go = await confirmed(context, [summary], { ...options, yes: true });
        if (go) await saver.copyThread(source, target);
        await finish(context, options, { source, target, checkpoints: from.checkpoints }, "Done.");
      }),
    );
};

export const addPrune: AddCommand = (program, environment) => {
  addChangeOptions(addSelection(program.command("prune [threads...]")))
    .description("remove old checkpoints of threads; what newer ones need stays")
    .option(
      "--keep-last <count>",
      "how many of the newest checkpoints of each namespace stay",
      positiveInteger,
      1,
    )
    .option("--older-than <time>", "only checkpoints that are older: 90s, 30m, 12h, 7d, 2w", duration)
    .addHelpText(
      "after",
      examples(
        ["prune conversation-1 --keep-last 10", "one thread"],
        ["prune --all --older-than 30d --dry-run", "what would go"],
        ["prune --idle 7d --yes", "all but the newest checkpoint of threads that rest"],
      ),
    )
    .action((ids: string[], _, command) =>
      withRedis<ChangeOptions & SelectOptions & { keepLast: number; olderThan?: number }>(
        environment,
        command,
        async (context, options) => {
          const { inspect, io } = context;
          const request = {
            ...toSelection(ids, options),
            keepLast: options.keepLast,
            olderThan: options.olderThan,
          };
          checkSelection(request);
          const planned = await countPrunable(inspect.saver, request, io.signal);
          const summary = `Removes at most ${plural(planned.checkpoints, "checkpoint")} of ${plural(planned.threads, "thread")}.`;
          let report = { ...planned };
          if (await confirmed(context, [summary], options)) {
            const bar = startProgress(io, planned.threads, "threads");
            try {
              report = await pruneThreads(inspect.saver, request, bar.update, io.signal);
            } finally {
              bar.stop();
            }
          }
          await finish(context, options, report, `Removed ${plural(report.checkpoints, "checkpoint")}.`);
        },
      ),
    );
};

interface DeleteOptions extends ChangeOptions, SelectOptions {
  items?: string;
  key?: string[];
  filter?: Record<string, unknown>;
  itemKey?: string;
}

export const addDelete: AddCommand = (program, environment) => {
  addChangeOptions(addSelection(program.command("delete [threads...]")))
    .description("delete threads, or items")
    .option("--items <path>", "delete the items of this namespace and below it instead of threads")
    .option("--item-key <key>", "with --items: only the item with this key, of the namespace itself")
    .option("--filter <json>", "with --items: only those that match", jsonObject)
    .addHelpText(
      "after",
      `${examples(
        ["delete conversation-1", "a thread"],
        ["delete --idle 90d --dry-run", "which threads would go"],
        ["delete --items memories/user-1", "all memories of a user"],
        ['delete --items memories --filter \'{"confidence":{"$lt":0.2}}\'', "those that match"],
      )}\n${PATHS}`,
    )
    .action((ids: string[], _, command) =>
      withRedis<DeleteOptions>(environment, command, async (context, options) => {
        if (options.items !== undefined) {
          if (ids.length > 0) throw new UsageError("give ids of threads, or --items, but not both.");
          return deleteItems(context, options.items, options);
        }
        const { inspect, io } = context;
        const selection = toSelection(ids, options);
        checkSelection(selection);
        const planned = await measureThreads(inspect.saver, selection, io.signal);
        let threads = planned.count;
        if (await confirmed(context, [`Deletes ${describeThreads(planned)}.`], options)) {
          const bar = startProgress(io, planned.count, "threads");
          const remove = (id: string) => inspect.saver.deleteThread(id);
          try {
            threads = await eachThread(inspect.saver, selection, remove, bar.update, io.signal);
          } finally {
            bar.stop();
          }
        }
        await finish(context, options, { threads }, `Deleted ${plural(threads, "thread")}.`);
      }),
    );
};

async function deleteItems(context: CommandContext, text: string, options: DeleteOptions): Promise<void> {
  const { inspect, io } = context;
  const { store } = inspect;
  const path = parsePath(text);
  const { itemKey, filter } = options;
  if (itemKey !== undefined) {
    if ((await store.get(path, itemKey)) === null) {
      throw new CommandError(`there is no item ${JSON.stringify(itemKey)} in ${formatPath(path)}.`);
    }
    const go = await confirmed(
      context,
      [`Deletes the item ${cleanLine(itemKey)} in ${formatPath(path)}.`],
      options,
    );
    if (go) await store.delete(path, itemKey);
    return finish(context, options, { items: 1 }, "Deleted 1 item.");
  }
  if (path.length === 0 && filter === undefined) {
    throw new UsageError(
      "the whole store is not deleted by a slip.",
      "Delete its namespaces one by one, see namespaces.",
    );
  }
  let count = 0;
  for await (const _ of store.iterate(path, filter ? { filter } : {})) {
    io.signal.throwIfAborted();
    count += 1;
  }
  const what = filter === undefined ? "all items" : "all matching items";
  const summary = `Deletes ${what} at and below ${formatPath(path)}: ${plural(count, "item")}.`;
  let items = count;
  if (await confirmed(context, [summary], options)) {
    const bar = startProgress(io, count, "items");
    const onProgress = ({ deleted }: { deleted: number }) => {
      io.signal.throwIfAborted();
      bar.update(deleted);
    };
    try {
      items = filter
        ? await store.deleteWhere(path, filter, { onProgress })
        : await store.deleteNamespace(path, { onProgress });
    } finally {
      bar.stop();
    }
  }
  await finish(context, options, { items }, `Deleted ${plural(items, "item")}.`);
}

export const addExpire: AddCommand = (program, environment) => {
  addChangeOptions(addSelection(program.command("expire [threads...]")))
    .description("let threads expire, so long from now and from each later write; or never")
    .addOption(new Option("--in <time>", "90s, 30m, 12h, 7d, 2w").argParser(duration))
    .addOption(new Option("--never", "let them stay").conflicts("in"))
    .addHelpText(
      "after",
      examples(
        ["expire conversation-1 --in 30d", "a thread"],
        ["expire --idle 7d --in 30d --yes", "all threads that rest"],
        ["expire conversation-1 --never", "a thread is to stay"],
      ),
    )
    .action((ids: string[], _, command) =>
      withRedis<ChangeOptions & SelectOptions & { in?: number; never?: boolean }>(
        environment,
        command,
        async (context, options) => {
          const { inspect, io } = context;
          const minutes = options.in;
          if (minutes === undefined && !options.never)
            throw new UsageError("when? Give --in 30d, or --never.");
          const selection = toSelection(ids, options);
          checkSelection(selection);
          const planned = await measureThreads(inspect.saver, selection, io.signal);
          const when =
            minutes === undefined
              ? "Lets stay"
              : `Lets expire at ${new Date(Date.now() + minutes * 60_000).toISOString()}`;
          let threads = planned.count;
          if (await confirmed(context, [`${when}: ${describeThreads(planned)}.`], options)) {
            const bar = startProgress(io, planned.count, "threads");
            const work = (id: string) =>
              minutes === undefined ? inspect.saver.persist(id) : inspect.saver.expire(id, minutes);
            try {
              threads = await eachThread(inspect.saver, selection, work, bar.update, io.signal);
            } finally {
              bar.stop();
            }
          }
          await finish(context, options, { threads }, `Done: ${plural(threads, "thread")}.`);
        },
      ),
    );
};

/** The last words of a command that changes something. */
export async function finish(
  { print, io }: CommandContext,
  { dryRun = false }: ChangeOptions,
  report: object,
  text: string,
): Promise<void> {
  if (print.isJson) return print.json({ dryRun, ...report });
  if (!dryRun && !io.signal.aborted) await print.line(text);
}

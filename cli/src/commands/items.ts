import { CommandError } from "../errors.js";
import { type ItemRow, listItems, listNamespaces, readItem } from "../inspect/index.js";
import { jsonObject, positiveInteger } from "../options.js";
import { formatPath, parsePath } from "../path.js";
import { jsonLines } from "../print/conversation.js";
import { cleanLine, formatCount, formatTime, shorten } from "../print/format.js";
import type { Printer } from "../print/printer.js";
import { type AddCommand, examples, withRedis } from "./command.js";
import { noteNext } from "./threads.js";

interface ListOptions {
  limit?: number;
  cursor?: string;
}

export const PATHS = `
A path is a namespace's labels with / between them; in a label, %, / and control characters are percent-escapes:
memories/user-1 is ["memories", "user-1"], files/a%2Fb is ["files", "a/b"], / is the whole store.`;

export const addNamespaces: AddCommand = (program, environment) => {
  program
    .command("namespaces [path]")
    .description("namespaces of the store that hold items, at or below a path")
    .option("--limit <count>", "how many", positiveInteger, 100)
    .option("--cursor <cursor>", "the next page, as the page before said")
    .addHelpText(
      "after",
      `${examples(["namespaces", "all of them"], ["namespaces memories", "those below memories"])}\n${PATHS}`,
    )
    .action((path: string | undefined, _, command) =>
      withRedis<ListOptions>(environment, command, async ({ inspect, print }, { limit, cursor }) => {
        const page = await listNamespaces(inspect, { path: parsePath(path ?? "/"), limit, cursor });
        if (print.isJson) return print.json(page);
        if (page.rows.length === 0) return print.line("No namespaces.");
        const rows = page.rows.map((row) => [row.path, formatCount(row.items)]);
        await print.table(["namespace", "items"], rows, [1]);
        await noteNext(print, page.next);
      }),
    );
};

export const addItems: AddCommand = (program, environment) => {
  program
    .command("items <path>")
    .description("items in a namespace and below it, by namespace, then by key")
    .option("--filter <json>", "only those that match, as in a search of the store", jsonObject)
    .option("--limit <count>", "how many", positiveInteger, 50)
    .option("--cursor <cursor>", "the next page, as the page before said")
    .addHelpText(
      "after",
      `${examples(
        ["items memories/user-1", "the memories of a user"],
        ['items memories --filter \'{"confidence":{"$gte":0.5}}\'', "those that match"],
        ["items / --json", "of the whole store, for programs"],
      )}\n${PATHS}`,
    )
    .action((path: string, _, command) =>
      withRedis<ListOptions & { filter?: Record<string, unknown> }>(
        environment,
        command,
        async ({ inspect, print }, { filter, limit, cursor }) => {
          const page = await listItems(inspect, parsePath(path), { filter, limit, cursor });
          if (print.isJson) return print.json(page);
          await printItems(print, page.rows);
          await noteNext(print, page.next);
        },
      ),
    );
};

export const addItem: AddCommand = (program, environment) => {
  program
    .command("item <path> <key>")
    .description("one item: its value, times, version and expiry")
    .addHelpText("after", `${examples(["item memories/user-1 food", "one memory"])}\n${PATHS}`)
    .action((path: string, key: string, _, command) =>
      withRedis(environment, command, async ({ inspect, print }) => {
        const namespace = parsePath(path);
        const item = await readItem(inspect, namespace, key);
        if (item === undefined) {
          throw new CommandError(`there is no item ${JSON.stringify(key)} in ${formatPath(namespace)}.`);
        }
        if (print.isJson) return print.json(item);
        const { colors } = print;
        const expiry = item.expiresAt === undefined ? "never" : formatTime(item.expiresAt);
        await print.line(`${colors.bold(cleanLine(item.path))}  ${cleanLine(item.key)}`);
        const { createdAt, updatedAt, version } = item;
        if (createdAt !== undefined && updatedAt !== undefined) {
          const times = `created ${formatTime(createdAt)}, updated ${formatTime(updatedAt)}`;
          await print.line(colors.dim(`${times}, expires ${expiry}, version ${version}`));
        }
        for (const line of item.encrypted ? [ENCRYPTED] : jsonLines(item.value ?? null))
          await print.line(line);
      }),
    );
};

const ENCRYPTED = "encrypted: give the key with --key or --key-file";

/** A line for each item. */
export async function printItems(print: Printer, items: readonly ItemRow[]): Promise<void> {
  if (items.length === 0) return print.line("No items.");
  const scored = items.some(({ score }) => score !== undefined);
  const rows = items.map((item) => [
    ...(scored ? [item.score?.toFixed(3) ?? ""] : []),
    cleanLine(item.path),
    cleanLine(item.key),
    item.updatedAt === undefined ? "" : formatTime(item.updatedAt),
    item.encrypted
      ? "encrypted"
      : shorten(cleanLine(JSON.stringify(item.value)), Math.max(40, print.width - 70)),
  ]);
  await print.table(
    [...(scored ? ["score"] : []), "namespace", "key", "updated", "value"],
    rows,
    scored ? [0] : [],
  );
}

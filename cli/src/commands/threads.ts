import { CommandError } from "../errors.js";
import { type CheckpointNode, listThreads, threadTree } from "../inspect/index.js";
import { positiveInteger, searchText } from "../options.js";
import { cleanLine, formatBytes, formatCount, formatTime } from "../print/format.js";
import { drawGraph } from "../print/graph.js";
import type { Colors, Printer } from "../print/printer.js";
import { type AddCommand, examples, withRedis } from "./command.js";

interface ListOptions {
  limit?: number;
  cursor?: string;
}

export const addThreads: AddCommand = (program, environment) => {
  program
    .command("threads")
    .description("list threads, the one that was written last coming first")
    .option("--search <text>", "only threads whose ids contain this text", searchText)
    .option("--limit <count>", "how many", positiveInteger, 50)
    .option("--cursor <cursor>", "the next page, as the page before said")
    .addHelpText(
      "after",
      examples(
        ["threads", "the 50 newest ones"],
        ["threads --search user-1 --limit 10", "those with user-1 in their ids"],
        ["threads --json | jq -r '.rows[].threadId'", "their ids only"],
      ),
    )
    .action((_, command) =>
      withRedis<ListOptions & { search?: string }>(
        environment,
        command,
        async ({ inspect, print }, { search, limit, cursor }) => {
          const page = await listThreads(inspect, { search, limit, cursor });
          if (print.isJson) return print.json(page);
          if (page.rows.length === 0) return print.line("No threads.");
          const rows = page.rows.map((row) => [
            cleanLine(row.threadId),
            formatTime(row.updatedAt),
            formatCount(row.checkpoints),
            row.lastStep === undefined ? "" : String(row.lastStep),
            row.source ?? (row.encrypted ? "encrypted" : ""),
            row.bytes === undefined ? "?" : formatBytes(row.bytes),
            row.expiresAt === undefined ? "" : formatTime(row.expiresAt),
          ]);
          const head = ["thread", "last written", "checkpoints", "step", "source", "size", "expires"];
          await print.table(head, rows, [2, 3, 5]);
          await noteNext(print, page.next);
        },
      ),
    );
};

export const addThread: AddCommand = (program, environment) => {
  program
    .command("thread <id>")
    .description("the checkpoints of a thread: steps, forks, subgraphs, interrupts, pending writes, sizes")
    .option("--ns <namespace>", 'only this checkpoint namespace; "" is the root graph')
    .option("--limit <count>", "how many checkpoints", positiveInteger, 100)
    .option("--cursor <cursor>", "the next page, as the page before said")
    .addHelpText(
      "after",
      examples(
        ["thread conversation-1", "the 100 newest checkpoints"],
        ['thread conversation-1 --ns ""', "those of the root graph, without subgraphs"],
      ),
    )
    .action((id: string, _, command) =>
      withRedis<ListOptions & { ns?: string }>(
        environment,
        command,
        async ({ inspect, print }, { ns, limit, cursor }) => {
          const tree = await threadTree(inspect, id, { ns, limit, cursor });
          if (tree === undefined) throw noThread(id);
          if (print.isJson) return print.json(tree);
          for (const { ns: name, nodes } of tree.namespaces) {
            await print.line(print.colors.bold(name === "" ? "the graph" : `subgraph ${cleanLine(name)}`));
            const rows = drawGraph(nodes).map(({ graph, node }) => [
              graph,
              ...(node ? cells(node, print.colors) : BLANK),
            ]);
            await print.table(["", "step", "source", "checkpoint", "time", "size", ""], rows, [1, 5]);
            await print.line();
          }
          if (tree.namespaces.length === 0) await print.line("No checkpoints.");
          await noteNext(print, tree.next);
        },
      ),
    );
};

const BLANK = ["", "", "", "", "", ""];

function cells(node: CheckpointNode, colors: Colors): string[] {
  const marks = [
    node.hasError ? colors.red("error") : "",
    node.hasInterrupt ? colors.yellow("interrupt") : "",
    node.pendingWrites > 0 ? colors.dim(`${node.pendingWrites} written`) : "",
  ];
  return [
    node.step === undefined ? "" : String(node.step),
    node.source ?? (node.encrypted ? "encrypted" : ""),
    cleanLine(node.checkpointId),
    node.ts === undefined ? "" : formatTime(node.ts),
    formatBytes(node.bytes),
    marks.filter((mark) => mark !== "").join(" "),
  ];
}

export function noThread(id: string): CommandError {
  return new CommandError(
    `there is no thread ${JSON.stringify(id)}.`,
    "List them with: langgraph-redis threads",
  );
}

/** How to get the next page. */
export async function noteNext(print: Printer, next: string | undefined): Promise<void> {
  if (next !== undefined) await print.note(`\nMore: --cursor ${next}`);
}

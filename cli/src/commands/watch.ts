import { setTimeout as sleep } from "node:timers/promises";
import { type CheckpointNode, threadTree } from "../inspect/index.js";
import { cleanLine, formatBytes, formatTime, plural } from "../print/format.js";
import { type AddCommand, examples, withRedis } from "./command.js";

export const addWatch: AddCommand = (program, environment) => {
  program
    .command("watch <thread>")
    .description("new checkpoints of a thread and what is written after them, as they come; until Ctrl-C")
    .option(
      "--interval <milliseconds>",
      "how often to look",
      (text) => Math.max(50, Number(text) || 500),
      500,
    )
    .option("--count <checkpoints>", "end after so many", Number)
    .addHelpText(
      "after",
      examples(["watch conversation-1", "follow an agent"], ["watch conversation-1 --json", "as JSON lines"]),
    )
    .action((thread: string, _, command) =>
      withRedis<{ interval: number; count?: number }>(
        environment,
        command,
        async ({ inspect, print, io }, { interval, count = Number.POSITIVE_INFINITY }) => {
          const seen = new Map<string, string>();
          const newest = await threadTree(inspect, thread, { limit: 1 });
          let since = newest?.namespaces[0]?.nodes[0]?.checkpointId ?? "";
          if (since !== "") for (const node of await nodesSince(since)) seen.set(keyOf(node), factsOf(node));
          if (!print.isJson) await print.note(`Watching ${cleanLine(thread)}. Ctrl-C ends.`);
          let left = count;
          while (!io.signal.aborted && left > 0) {
            const nodes = (await nodesSince(since)).filter((node) => seen.get(keyOf(node)) !== factsOf(node));
            for (const node of nodes.reverse()) {
              const isNew = !seen.has(keyOf(node));
              seen.set(keyOf(node), factsOf(node));
              await (print.isJson ? print.jsonLine(node) : print.line(describe(node, isNew)));
              if (isNew) left -= 1;
              if (node.checkpointId > since) since = node.checkpointId;
            }
            if (left > 0) await sleep(interval, undefined, { signal: io.signal }).catch(() => {});
          }

          async function nodesSince(id: string): Promise<CheckpointNode[]> {
            const tree = await threadTree(inspect, thread, { since: id, limit: 1_000 });
            const nodes = (tree?.namespaces ?? []).flatMap(({ nodes: of }) => of);
            return nodes.sort((a, b) => (a.checkpointId < b.checkpointId ? 1 : -1));
          }
        },
      ),
    );
};

const keyOf = ({ ns, checkpointId }: CheckpointNode) => `${ns} ${checkpointId}`;

/** What may change of a checkpoint. */
const factsOf = ({ pendingWrites, hasError, hasInterrupt }: CheckpointNode) =>
  JSON.stringify([pendingWrites, hasError, hasInterrupt]);

function describe(node: CheckpointNode, isNew: boolean): string {
  const parts = [
    node.ts === undefined ? "" : formatTime(node.ts),
    node.ns === "" ? "" : cleanLine(node.ns),
    node.step === undefined ? "" : `step ${node.step}`,
    node.source ?? "",
    isNew ? formatBytes(node.bytes) : "",
    node.pendingWrites > 0 ? plural(node.pendingWrites, "pending write") : "",
    node.hasInterrupt ? "interrupt" : "",
    node.hasError ? "error" : "",
    node.checkpointId,
  ];
  return cleanLine(parts.filter((part) => part !== "").join("  "));
}

import type { Command } from "commander";
import type { SelectedThreads, ThreadSelection } from "../operate/select-threads.js";
import { duration, searchText } from "../options.js";
import { formatBytes, plural } from "../print/format.js";

/** The options by which threads are chosen. */
export interface SelectOptions {
  search?: string;
  idle?: number;
  all?: boolean;
}

export function addSelection(command: Command): Command {
  return command
    .option("--search <text>", "all threads whose ids contain this text", searchText)
    .option(
      "--idle <time>",
      "all threads that nobody has written for so long: 90s, 30m, 12h, 7d, 2w",
      duration,
    )
    .option("--all", "all threads");
}

export function addChangeOptions(command: Command): Command {
  return command
    .option("--dry-run", "say what would be done, and do nothing")
    .option("-y, --yes", "do not ask");
}

export function toSelection(ids: readonly string[], { search, idle, all }: SelectOptions): ThreadSelection {
  return { ids, search, idle, all };
}

export function describeThreads({ count, checkpoints, bytes, isExact }: SelectedThreads): string {
  const more = isExact ? "" : " and more";
  return `${plural(count, "thread")}, ${plural(checkpoints, "checkpoint")}${more}, ${formatBytes(bytes)}${more}`;
}

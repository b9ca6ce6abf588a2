import { CommandError, UsageError } from "../errors.js";
import type { CommandContext } from "./command.js";

/** Options of all commands that change something. */
export interface ChangeOptions {
  yes?: boolean;
  dryRun?: boolean;
}

/**
 * Says what is going to happen, and asks for consent: on a terminal, unless `--yes` was given.
 *
 * @returns whether to go on.
 * @throws {UsageError} when there is nobody to ask; {@link CommandError} when the answer is no.
 */
export async function confirmed(
  { print, io }: CommandContext,
  summary: readonly string[],
  { yes, dryRun }: ChangeOptions,
): Promise<boolean> {
  if (!print.isJson) for (const line of summary) await print.line(line);
  if (dryRun) {
    if (!print.isJson) await print.line("Nothing was changed: --dry-run.");
    return false;
  }
  if (yes) return true;
  if (print.isJson || !io.stdin.isTTY || !print.isTerminal) {
    throw new UsageError("this changes what is stored: add --yes, or --dry-run to see what it would do.");
  }
  const { confirm } = await import("@inquirer/prompts");
  const answer = await confirm(
    { message: "Go on?", default: false },
    { input: io.stdin, output: io.stdout, signal: io.signal },
  ).catch(() => false);
  if (!answer) throw new CommandError("not confirmed: nothing was changed.");
  return true;
}

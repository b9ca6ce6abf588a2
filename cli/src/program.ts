import { Command, CommanderError } from "commander";
import { createColors } from "picocolors";
import manifest from "../package.json" with { type: "json" };
import { addCopy, addDelete, addExpire, addPrune } from "./commands/change-threads.js";
import type { AddCommand, Environment } from "./commands/command.js";
import { addDoctor } from "./commands/doctor.js";
import { addItem, addItems, addNamespaces } from "./commands/items.js";
import { addMigrate } from "./commands/migrate.js";
import { addReindex } from "./commands/reindex.js";
import { addSearch, addStats } from "./commands/search.js";
import { addDiff, addShow } from "./commands/show.js";
import { addStudio } from "./commands/studio.js";
import { addThread, addThreads } from "./commands/threads.js";
import { addExport, addImport } from "./commands/transfer.js";
import { addWatch } from "./commands/watch.js";
import { DEFAULT_URL } from "./connection.js";
import { CommandError, UsageError } from "./errors.js";
import { type Io, write } from "./io.js";
import { list, several } from "./options.js";
import { clean } from "./print/format.js";

const READING: readonly AddCommand[] = [
  addDoctor,
  addThreads,
  addThread,
  addShow,
  addDiff,
  addWatch,
  addNamespaces,
  addItems,
  addItem,
  addSearch,
  addStats,
  addStudio,
];

const CHANGING: readonly AddCommand[] = [
  addCopy,
  addPrune,
  addDelete,
  addExpire,
  addReindex,
  addExport,
  addImport,
  addMigrate,
];

export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

const HELP = `
Connection:
  --url, or REDIS_URL      redis://[[user]:password@]host[:port][/database], rediss:// for TLS (default: ${DEFAULT_URL})
  --cluster, --sentinel    instead of --url. A Sentinel group takes user and passwords from REDIS_USERNAME, REDIS_PASSWORD,
                           SENTINEL_USERNAME and SENTINEL_PASSWORD.
  --prefix                 or LANGGRAPH_REDIS_PREFIX
Passwords are best given by REDIS_URL: arguments of a process can be seen by others.

Exit codes: 0 done, 1 failed or found an error, 2 wrong use, 130 interrupted.

Examples:
  $ langgraph-redis doctor                    is the server fit for agents?
  $ langgraph-redis threads                   the threads that were written last
  $ langgraph-redis show conversation-1       what a thread holds
  $ langgraph-redis items memories/user-1     what a user's memories are
  $ langgraph-redis studio                    the same as a page in the browser`;

/** @param isJson whether errors of the arguments are left to whoever reports them as JSON. */
function createProgram(environment: Environment, isJson: boolean): Command {
  const { io } = environment;
  const program = new Command("langgraph-redis")
    .description("Look into what LangGraph.js agents keep in Redis, and look after it.")
    .version(manifest.version)
    .option("--url <url>", "address of the server")
    .option("--cluster <urls>", "some nodes of a cluster, with commas between them", list)
    .option("--sentinel <group>", "name@host:port,host:port of a group that Sentinel watches")
    .option("--ca <file>", "certificate of the authority, for TLS")
    .option("--cert <file>", "certificate of this client, for TLS")
    .option("--tls-key <file>", "its key")
    .option(
      "--prefix <prefix>",
      "what all keys begin with: keyPrefix of saver and store (default: langgraph)",
    )
    .option("--key <id=base64>", "key of encrypted data; may be given several times", several)
    .option("--key-file <file>", "the same, a line for each key (or one key in LANGGRAPH_REDIS_KEY)")
    .option("--json", "JSON for programs")
    .addHelpText("after", HELP)
    .showHelpAfterError("(add --help for help)");
  for (const add of [...READING, ...CHANGING]) add(program, environment);
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void (isJson || io.stderr.write(clean(text))),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stdout.columns ?? 100,
    });
  }
  return program;
}

/** Runs the command line. @returns the exit code. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok;
  const exit = (wanted: number) => {
    code = wanted;
  };
  const isJson = argv.includes("--json");
  const program = createProgram({ io, exit }, isJson);
  if (argv.length === 0) {
    program.outputHelp();
    return EXIT.usage;
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    return io.signal.aborted ? EXIT.interrupted : code;
  } catch (error) {
    return report(error, io, isJson);
  }
}

const KEY_HINT = "Give the key that it was encrypted with: --key id=base64, or --key-file.";

/** Says what went wrong. @returns the exit code. */
async function report(error: unknown, io: Io, isJson: boolean): Promise<number> {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    // For people commander has said it.
    const message = clean(error.message.replace(/^error: /, ""));
    if (isJson) await write(io.stderr, `${JSON.stringify({ error: { message, code: "USAGE" } })}\n`);
    return EXIT.usage;
  }
  if (io.signal.aborted) {
    await write(io.stderr, "Interrupted.\n");
    return EXIT.interrupted;
  }
  const colors = createColors(io.stderr.isTTY === true && !io.env.NO_COLOR);
  const { message = String(error), code } = error as { message?: string; code?: unknown };
  const text = clean(message);
  const hint = code === "ENCRYPTION" ? KEY_HINT : (error as { hint?: string }).hint;
  if (isJson) {
    const name = typeof code === "string" ? code : undefined;
    await write(io.stderr, `${JSON.stringify({ error: { message: text, code: name, hint } })}\n`);
  } else {
    await write(
      io.stderr,
      `${colors.red("error:")} ${text}\n${hint === undefined ? "" : `${clean(hint)}\n`}`,
    );
  }
  if (error instanceof UsageError) return EXIT.usage;
  if (!(error instanceof CommandError) && io.env.LANGGRAPH_REDIS_DEBUG) console.error(error);
  // What the library says that an argument is wrong.
  return code === "INVALID_INPUT" || code === "INVALID_FILTER" ? EXIT.usage : EXIT.failed;
}

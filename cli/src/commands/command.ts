import type { Command } from "commander";
import { connect } from "../connection.js";
import { type InspectContext, openContext } from "../inspect/index.js";
import type { Io } from "../io.js";
import { type GlobalOptions, readKeys } from "../options.js";
import { Printer } from "../print/printer.js";

/** What the action of a command works with. */
export interface CommandContext {
  io: Io;
  options: GlobalOptions;
  inspect: InspectContext;
  print: Printer;
  /** Sets the exit code; 0 unless it is called. */
  exit(code: number): void;
}

/** How a command is added to the program. */
export type AddCommand = (program: Command, environment: Environment) => void;

export interface Environment {
  io: Io;
  exit(code: number): void;
}

const DEFAULT_PREFIX = "langgraph";

/** Connects, runs the action, and closes, whatever happens. */
export async function withRedis<Options extends object>(
  { io, exit }: Environment,
  command: Command,
  action: (context: CommandContext, options: Options & GlobalOptions) => Promise<void>,
): Promise<void> {
  const options = command.optsWithGlobals<Options & GlobalOptions>();
  const print = new Printer(io, options.json === true);
  const keys = readKeys(options, io.env);
  const server = await connect(options, io.env);
  try {
    const prefix = options.prefix ?? (io.env.LANGGRAPH_REDIS_PREFIX || DEFAULT_PREFIX);
    const inspect = openContext(server, prefix, keys);
    await action({ io, options, inspect, print, exit }, options);
  } catch (error) {
    if (error instanceof Error) error.message = server.redact(error.message);
    throw error;
  } finally {
    await server.close();
  }
}

/** The examples that stand below the help of a command. */
export function examples(...lines: readonly (readonly [command: string, meaning: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, meaning]) => `  $ langgraph-redis ${command.padEnd(width)}  ${meaning}`).join("\n")}`;
}

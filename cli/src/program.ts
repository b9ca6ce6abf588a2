import { Command } from "commander";

/** Runs the command line. @returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const program = new Command("langgraph-redis").description(
    "Look into what LangGraph.js agents keep in Redis.",
  );
  await program.parseAsync(argv, { from: "user" });
  return 0;
}

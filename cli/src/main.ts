#!/usr/bin/env node
import { EXIT, run } from "./program.js";

const interrupted = new AbortController();
process.on("SIGINT", () => {
  // The first one lets what is under way come to its end; the second one does not.
  if (interrupted.signal.aborted) process.exit(EXIT.interrupted);
  interrupted.abort();
});

// Whoever reads our output has seen enough, as `head` has.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.failed);
});

const { env, stdin, stdout, stderr } = process;
process.exitCode = await run(process.argv.slice(2), {
  env,
  stdin,
  stdout,
  stderr,
  signal: interrupted.signal,
});

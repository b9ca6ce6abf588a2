import { type ChildProcess, fork } from "node:child_process";
import { rm } from "node:fs/promises";
import { bundleProgram } from "../../helpers/bundle-program.js";
import { batched } from "./batched.js";
import type { Outcome } from "./commands.js";
import type { Host } from "./host.js";
import type { Answer, Request } from "./worker.js";

type WithoutNumber<T> = T extends unknown ? Omit<T, "number"> : never;

/** Starts worker.ts in so many processes. */
export async function startProcesses(url: string, count: number): Promise<Host[]> {
  const { directory, program } = await bundleProgram(new URL("worker.ts", import.meta.url), "model");
  try {
    return await Promise.all(Array.from({ length: count }, () => start(program, url)));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function start(program: string, url: string): Promise<Host> {
  const child = fork(program, [url], { execArgv: ["--enable-source-maps"] });
  const waiting = new Map<number, (outcome: unknown) => void>();
  let failed: Error | undefined;
  let last = 0;
  const ready = new Promise((resolve) => waiting.set(0, resolve));
  child.on("message", (answers: readonly Answer[]) => {
    for (const { number, outcome } of answers) {
      waiting.get(number)?.(outcome);
      waiting.delete(number);
    }
  });
  const send = batched<Request>((batch) => child.send([...batch]));
  const ask = (request: WithoutNumber<Request>): Promise<unknown> => {
    if (failed) throw failed;
    last += 1;
    const answered = new Promise((resolve) => waiting.set(last, resolve));
    send({ ...request, number: last });
    return answered;
  };
  child.once("exit", (code, signal) => {
    failed = new Error(`a process of savers ended, with ${signal ?? code}`);
    const outcome: Outcome = { error: "Exit", message: failed.message };
    for (const resolve of waiting.values()) resolve(outcome);
  });
  await ready;
  if (failed) throw failed;
  return {
    async open(store) {
      await ask({ ask: "open", store });
    },
    perform: (keyPrefix, saver, command) =>
      ask({ ask: "perform", keyPrefix, saver, command }) as Promise<Outcome>,
    async close(keyPrefix) {
      await ask({ ask: "close", keyPrefix });
    },
    end: () => ended(child),
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const exit = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  if (child.connected) child.disconnect();
  return exit;
}

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { bold, print } from "./print.js";

const SESSION = fileURLToPath(new URL("./session.ts", import.meta.url));

/** Holds the conversation in two processes, one after the other. What they print is printed, unless it is not wanted. */
export async function converse(url: string, prefix: string, { quiet = false } = {}): Promise<void> {
  await session("before", "A conversation");
  await session("after", "The first process has ended; another one goes on");

  /** Runs one process of the conversation to its end. */
  async function session(part: "before" | "after", title: string) {
    const env = { ...process.env, DEMO_URL: url, DEMO_PREFIX: prefix };
    const stdout = quiet ? "ignore" : "inherit";
    const child = fork(SESSION, [part], { env, stdio: ["ignore", stdout, "inherit", "ipc"] });
    if (!quiet) print(bold(`${title} (process ${child.pid})`));
    const [code, signal] = await once(child, "exit");
    if (code !== 0) throw new Error(`process ${child.pid} ended with ${signal ?? `exit code ${code}`}`);
  }
}

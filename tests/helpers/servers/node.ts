import type { RedisProcess } from "./process.js";

/** One of several servers that belong together. */
export interface ServerNode {
  url: string;
  host: string;
  port: number;
  readonly pid: number | undefined;
  /** SIGKILL; its data stays for `restart()`. */
  kill(): Promise<void>;
  restart(): Promise<void>;
}

export function serverNode(process: RedisProcess): ServerNode {
  return {
    url: process.url,
    host: "127.0.0.1",
    port: process.port,
    get pid() {
      return process.pid;
    },
    kill: () => process.end("SIGKILL"),
    restart: () => process.restart(),
  };
}

/** Starts all of them or none. */
export async function startAll(processes: RedisProcess[]): Promise<void> {
  const results = await Promise.allSettled(processes.map((each) => each.start()));
  const failed = results.find((each) => each.status === "rejected");
  if (!failed) return;
  await Promise.all(processes.map((each) => each.remove()));
  throw failed.reason;
}

/** Another program may take a port between our finding it free and the server's taking it: then all is done again. */
export async function againIfPortTaken<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (attempt === 5 || !/Address already in use/i.test(String(error))) throw error;
    }
  }
}

/** Waits until a condition holds that servers reach by talking to each other. */
export async function until(what: string, holds: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

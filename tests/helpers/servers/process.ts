import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { waitUntilReady } from "./probe.js";
import { errorText } from "./types.js";

/**
 * Reads the server's process id, an empty line when the server is gone, until its standard input ends: then the process
 * that started it is gone, however that ended. It kills the server if there is one and removes the files. A signal
 * handler of ours could not do that: nothing runs after SIGKILL.
 */
export const GUARD =
  'while read -r line; do pid=$line; done; [ -n "$pid" ] && kill -KILL "$pid"; sleep 0.1; rm -rf -- "$1"';

export interface ProcessOptions {
  redisServer: string;
  port: number;
  args?: string[];
  /** Lines of a configuration file, for what may not be given as arguments. Instead of our own defaults. */
  config?: string[];
  env?: Record<string, string>;
}

/** One `redis-server` process on a loopback port, with a temporary directory that survives restarts of it. */
export class RedisProcess {
  readonly url: string;
  readonly directory = mkdtempSync(join(tmpdir(), "langgraph-redis-"));
  #child: ChildProcess | undefined;
  #guard: ChildProcess;

  constructor(private readonly options: ProcessOptions) {
    this.url = `redis://127.0.0.1:${options.port}`;
    this.#guard = spawn("sh", ["-c", GUARD, "guard", this.directory], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    this.#guard.unref();
    unrefPipe(this.#guard.stdin);
    this.#guard.stdin?.on("error", () => undefined); // it has done its work and is gone
    // Written once: a Sentinel rewrites its file, and a restart shall find it as it was left.
    if (options.config) writeFileSync(this.#configFile, `${options.config.join("\n")}\n`);
  }

  get port(): number {
    return this.options.port;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get #configFile(): string {
    return join(this.directory, "server.conf");
  }

  get logFile(): string {
    return join(this.directory, "server.log");
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async start(): Promise<void> {
    const { redisServer, port, args = [], config, env } = this.options;
    const place = ["--port", String(port), "--bind", "127.0.0.1"];
    const files = ["--dir", this.directory, "--logfile", this.logFile];
    const first = config ? [this.#configFile] : ["--save", ""];
    // Its own process group: a Ctrl-C meant for us must not end the server while the tests still clean up.
    const child = spawn(redisServer, [...first, ...place, ...files, ...args], {
      detached: true,
      stdio: "ignore",
      env: { ...process.env, ...env },
    });
    this.#child = child;
    if (child.pid !== undefined) this.#tellGuard(String(child.pid)); // before anything else can happen to us
    await once(child, "spawn");
    // The system may hand out the process id again, to a process that is not ours to kill.
    child.once("exit", () => this.#tellGuard(""));
    // Forgetting to stop a server must not keep this process alive: the guard ends the server with it.
    child.unref();
    try {
      await waitUntilReady(this.url, () => this.running);
    } catch (error) {
      const log = this.logTail();
      await this.remove();
      throw new Error(`${redisServer} on port ${port}: ${errorText(error)}\n${log}`);
    }
  }

  /** Ends the process with a signal, and returns when it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || !this.running) return;
    child.ref();
    const gone = once(child, "exit");
    child.kill("SIGCONT"); // a test may have stopped it, and a stopped process does not handle SIGTERM
    child.kill(signal);
    await gone;
  }

  async restart(): Promise<void> {
    await this.end("SIGTERM");
    await this.start();
  }

  /** Ends the process, whatever state it is in, and removes its directory. */
  async remove(): Promise<void> {
    await this.end("SIGKILL");
    rmSync(this.directory, { recursive: true, force: true });
    this.#guard.kill("SIGKILL");
  }

  #tellGuard(line: string): void {
    if (!this.#guard.killed) this.#guard.stdin?.write(`${line}\n`);
  }

  logTail(lines = 15): string {
    try {
      return readFileSync(this.logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } catch {
      return "(no log)";
    }
  }
}

/** A child's pipe keeps its parent alive too, apart from the child itself. */
export function unrefPipe(pipe: Writable | null): void {
  (pipe as Socket | null)?.unref();
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntilReady } from "./probe.js";
import { errorText } from "./types.js";

/**
 * Waits on its standard input until the process that started it is gone, however that ended, then kills the server and
 * removes its files. A signal handler here could not do that: nothing runs after SIGKILL.
 */
const GUARD = 'while read -r line; do :; done; kill -KILL "$1" 2>/dev/null; sleep 0.1; rm -rf -- "$2"';

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
  #guard: ChildProcess | undefined;

  constructor(private readonly options: ProcessOptions) {
    this.url = `redis://127.0.0.1:${options.port}`;
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
    const base = [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--dir",
      this.directory,
      "--logfile",
      this.logFile,
    ];
    const first = config ? [this.#configFile] : ["--save", ""];
    // Its own process group: a Ctrl-C meant for us must not end the server while the tests still clean up.
    const child = spawn(redisServer, [...first, ...base, ...args], {
      detached: true,
      stdio: "ignore",
      env: { ...process.env, ...env },
    });
    this.#child = child;
    await once(child, "spawn");
    this.#guard = spawn("sh", ["-c", GUARD, "guard", String(child.pid), this.directory], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    const guard = this.#guard;
    // The guard knows a process id, which the system may hand out again: it must not outlive the server.
    child.once("exit", () => guard.kill("SIGKILL"));
    // Forgetting to stop a server must not keep the process alive: the guard ends the server with it.
    child.unref();
    guard.unref();
    (guard.stdin as unknown as { unref?(): void } | null)?.unref?.();
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
  }

  logTail(lines = 15): string {
    try {
      return readFileSync(this.logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } catch {
      return "(no log)";
    }
  }
}

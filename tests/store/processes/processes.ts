import { type ChildProcess, fork } from "node:child_process";
import { rm } from "node:fs/promises";
import { afterAll, onTestFinished } from "vitest";
import { bundleProgram } from "../../helpers/bundle-program.js";
import type { Job, News } from "./jobs.js";

let bundle: ReturnType<typeof bundleProgram> | undefined;

afterAll(async () => {
  if (bundle) await rm((await bundle).directory, { recursive: true, force: true });
});

/** A process that does a {@link Job}. */
export class Worker {
  /** All that it has told. */
  readonly news: News[] = [];
  /** How it ended. */
  readonly ended: Promise<"done" | "killed" | "failed">;

  constructor(
    private readonly child: ChildProcess,
    onNews: (news: News) => void,
  ) {
    child.on("message", (news: News) => {
      this.news.push(news);
      onNews(news);
    });
    this.ended = new Promise((resolve) => {
      // What it has told comes before.
      child.once("close", (code, signal) => {
        if (signal === "SIGKILL") resolve("killed");
        else resolve(code === 0 && this.told("failed").length === 0 ? "done" : "failed");
      });
    });
  }

  /** Lets it come to the end of what it is doing. */
  stop(): void {
    if (this.child.connected) this.child.send("stop");
  }

  /** Ends it at once, whatever it is doing. */
  kill(): void {
    this.child.kill("SIGKILL");
  }

  /** What it has told of one kind. */
  told<K extends News["news"]>(kind: K): Extract<News, { news: K }>[] {
    return this.news.filter((each): each is Extract<News, { news: K }> => each.news === kind);
  }
}

/** Starts a process that is ended with the test. */
export async function startWorker(job: Job, onNews: (news: News) => void = () => {}): Promise<Worker> {
  bundle ??= bundleProgram(new URL("worker.ts", import.meta.url), "store");
  const { program } = await bundle;
  const child = fork(program, [JSON.stringify(job)], { execArgv: ["--enable-source-maps"] });
  const worker = new Worker(child, onNews);
  onTestFinished(() => {
    worker.kill();
    for (const { error } of worker.told("failed")) throw new Error(`a process of the test failed: ${error}`);
  });
  return worker;
}

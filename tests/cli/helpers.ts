import { PassThrough, Readable, Writable } from "node:stream";
import { HumanMessage } from "@langchain/core/messages";
import type { BaseCheckpointSaver, Checkpoint } from "@langchain/langgraph-checkpoint";
import { onTestFinished } from "vitest";
import { connect as connectServer } from "../../cli/src/connection.js";
import { type InspectContext, openContext } from "../../cli/src/inspect/index.js";
import type { Keys } from "../../cli/src/options.js";
import { run } from "../../cli/src/program.js";
import { freshPrefix, redisUrl } from "../helpers/redis.js";

/** What the commands work with, on the run's server under a fresh prefix. */
export async function inspecting(
  url = redisUrl(),
  keyPrefix = freshPrefix(),
  keys?: Keys,
): Promise<InspectContext> {
  const server = await connectServer({ url }, {});
  onTestFinished(() => server.close());
  return openContext(server, keyPrefix, keys);
}

/** The id of the nth checkpoint: ids of LangGraph grow with time. */
export const idOf = (n: number) => `1f0c5d4e-${String(n).padStart(4, "0")}-6f00-8000-000000000000`;

export interface Saved {
  n: number;
  parent?: number;
  ns?: string;
  values?: Record<string, unknown>;
  source?: "input" | "loop" | "update" | "fork";
  step?: number;
}

/** Puts one checkpoint of a thread. */
export async function save(
  saver: BaseCheckpointSaver,
  threadId: string,
  { n, parent, ns = "", ...rest }: Saved,
) {
  const { values = { messages: [new HumanMessage({ id: `m${n}`, content: `Hello ${n}` })] } } = rest;
  const versions = Object.fromEntries(Object.keys(values).map((name) => [name, n + 1]));
  const checkpoint: Checkpoint = {
    v: 4,
    id: idOf(n),
    ts: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(),
    channel_values: values,
    channel_versions: versions,
    versions_seen: {},
  };
  const configurable = {
    thread_id: threadId,
    checkpoint_ns: ns,
    ...(parent !== undefined && { checkpoint_id: idOf(parent) }),
  };
  const metadata = { source: rest.source ?? "loop", step: rest.step ?? n, parents: {} } as const;
  return saver.put({ configurable }, checkpoint, metadata, versions);
}

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command line in this process, as one that is no terminal unless options say otherwise. */
export async function cli(argv: readonly string[], options: CliOptions = {}): Promise<Output> {
  const {
    env = {},
    signal = new AbortController().signal,
    isTTY = false,
    columns = 120,
    stdin,
    answer,
  } = options;
  const texts = { stdout: "", stderr: "" };
  const sink = (name: "stdout" | "stderr") =>
    Object.assign(
      new Writable({
        write(chunk, _encoding, done) {
          const isAsked = texts[name].includes("Go on?");
          texts[name] += String(chunk);
          if (!isAsked && texts[name].includes("Go on?")) setImmediate(() => typed.write(`${answer}\r`));
          done();
        },
      }),
      // Like those of a process, they stay open when something that was piped into them ends.
      { isTTY, columns, end: () => undefined },
    );
  const typed = new PassThrough();
  const input = Object.assign(answer === undefined ? Readable.from(stdin ?? []) : typed, { isTTY });
  const io = { env, stdin: input, stdout: sink("stdout"), stderr: sink("stderr"), signal };
  const code = await run(argv, io);
  return { code, ...texts };
}

export interface CliOptions {
  env?: Record<string, string>;
  signal?: AbortSignal;
  isTTY?: boolean;
  columns?: number;
  stdin?: string[];
  /** What is typed when it asks whether to go on. */
  answer?: string;
}

/** The command line on what a context works with. */
export function cliOn({ keyPrefix }: InspectContext, url = redisUrl()) {
  return (argv: readonly string[], options: CliOptions = {}) =>
    cli(["--prefix", keyPrefix, ...argv], { ...options, env: { REDIS_URL: url, ...options.env } });
}

/** What the command line printed as JSON. */
export function parsed(output: Output) {
  return JSON.parse(output.stdout);
}

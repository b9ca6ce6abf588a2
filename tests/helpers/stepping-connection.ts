import { createHash } from "node:crypto";
import type { RedisClient } from "langgraph-redis";
import { onTestFinished } from "vitest";
import type { Command, Connection, Reply } from "../../src/redis/command.js";
import { type ConnectionClient, createConnection, IS_CONNECTION } from "../../src/redis/connection.js";
import type { Script } from "../../src/redis/script.js";

/** Which command: its name or script, what is true for it, or its number counted from 0 over all commands so far. */
export type CommandMatcher = string | Script | number | ((command: Command) => boolean);

/** What a test does in between, for example with a second client. */
type Between = () => unknown;

interface Step {
  readonly matches: (command: Command, at: number) => boolean;
  readonly work: Between;
}

/**
 * A connection that lets a test do something right before any command of another client: what a second client does
 * between two commands, also between two of one pipeline, which Redis does not promise to run together.
 *
 * ```ts
 * const client = new SteppingConnection(await connect());
 * const saver = new RedisSaver({ client, keyPrefix });
 * client.before("HMGET", () => other.prune(["t"], { strategy: "keep_latest" }));
 * await saver.getTuple(config("t"));
 * ```
 *
 * A pipeline is sent in parts: up to the command, then the work, then the rest. Commands of the work itself may go
 * through this connection; they neither count nor match.
 */
export class SteppingConnection implements ConnectionClient {
  readonly [IS_CONNECTION] = true;
  /** The names of all commands that were sent, in order; scripts as EVALSHA. */
  readonly sent: string[] = [];
  private steps: Step[] = [];
  private inner: Connection;
  private working = false;

  constructor(client: RedisClient) {
    this.inner = createConnection(client);
    // A step that never came is a test that shows nothing.
    onTestFinished(() => {
      if (this.steps.length > 0) throw new Error(`${this.steps.length} steps were never reached.`);
    });
  }

  /** Does the work once, before the first command from now on that matches. */
  before(matcher: CommandMatcher, work: Between): void {
    this.steps.push({ matches: toPredicate(matcher), work });
  }

  /** Forgets the steps that were not reached, and the commands that were sent. */
  reset(): void {
    this.steps = [];
    this.sent.length = 0;
  }

  async pipeline(commands: readonly Command[], signal?: AbortSignal): Promise<(Reply | Error)[]> {
    if (this.working) return this.inner.pipeline(commands, signal);
    const replies: (Reply | Error)[] = [];
    let part: Command[] = [];
    const send = async () => {
      if (part.length > 0) replies.push(...(await this.inner.pipeline(part, signal)));
      part = [];
    };
    for (const command of commands) {
      const due = this.steps.filter(({ matches }) => matches(command, this.sent.length));
      if (due.length > 0) {
        await send();
        this.steps = this.steps.filter((step) => !due.includes(step));
        this.working = true;
        try {
          for (const { work } of due) await work();
        } finally {
          this.working = false;
        }
      }
      this.sent.push(String(command.args[0]));
      part.push(command);
    }
    await send();
    return replies;
  }
}

/**
 * Runs an operation once for each of its commands, with some work of a second client right before that command, and
 * once with the work after all of them.
 *
 * @param isGap which commands to do this before; default all. An operation that asks every partition has many alike.
 * @param scenario prepares everything anew, and returns the connection that the operation goes through, the operation,
 * the work, and the check, which is told where the work was done.
 */
export async function atEveryGap(
  scenario: () => Promise<{
    connection: SteppingConnection;
    operation: () => Promise<unknown>;
    work: Between;
    check: (gap: string, outcome: PromiseSettledResult<unknown>) => unknown;
  }>,
  isGap: (command: Command) => boolean = () => true,
): Promise<void> {
  for (let gap = 0; ; gap++) {
    const { connection, operation, work, check } = await scenario();
    connection.reset();
    let reached: string | undefined;
    let passed = 0;
    const isThisGap = (command: Command) => isGap(command) && passed++ === gap;
    connection.before(isThisGap, async () => {
      reached = `before command ${connection.sent.length}`;
      await work();
    });
    const [outcome] = (await Promise.allSettled([operation()])) as [PromiseSettledResult<unknown>];
    const end = `after ${connection.sent.join(", ")}`;
    connection.reset();
    if (reached === undefined) await work();
    await check(reached ? `${reached} of ${end.slice(6)}` : end, outcome);
    if (reached === undefined) return;
  }
}

function toPredicate(matcher: CommandMatcher): Step["matches"] {
  if (typeof matcher === "number") return (_, at) => at === matcher;
  if (typeof matcher === "function") return matcher;
  if (typeof matcher === "string") return ({ args }) => String(args[0]).toUpperCase() === matcher;
  return (command) => scriptOf(command) === matcher.sha;
}

/** The digest of the script that a command runs: EVAL sends its text, EVALSHA its digest. */
function scriptOf({ args }: Command): string | undefined {
  const [verb, body] = args.map(String);
  if (verb === "EVALSHA") return body;
  return verb === "EVAL" ? createHash("sha1").update(String(body)).digest("hex") : undefined;
}

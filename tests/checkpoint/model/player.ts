import { encodeKeyPart } from "../../../src/redis/key-encoding.js";
import type { openClient } from "./client.js";
import type { Host } from "./host.js";
import { type Deed, judge } from "./judge.js";
import { type Moment, Oracle } from "./oracle.js";
import { type Order, Resolver } from "./resolve.js";
import { CLOCKS, SAVERS, type SaverSettings } from "./savers.js";
import type { EndStep, Stage, Step } from "./steps.js";

/** Where sequences are played. */
export interface Theatre {
  /** One for each process; the first is the test's own. */
  readonly hosts: readonly Host[];
  readonly client: Awaited<ReturnType<typeof openClient>>;
  /** Checks what is stored under a prefix against itself. */
  readonly audit?: (keyPrefix: string) => Promise<void>;
}

/** Something did not happen as it should have. */
export class Difference extends Error {
  override name = "Difference";
  /** What was done before. */
  trace: readonly string[] = [];
}

/** Commands after which a thread may be another one. */
const REMOVE: ReadonlySet<string> = new Set(["deleteThread", "copyThread", "prune", "deleteForRuns"]);
const EVER: Moment = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

/** Commands that a report shows. */
const TRACE = 40;

let stores = 0;

/** Plays steps on a store of their own. @throws {Difference} */
export async function play(
  theatre: Theatre,
  prefix: string,
  stage: Stage,
  steps: readonly Step[],
): Promise<void> {
  stores += 1;
  const keyPrefix = `${prefix}-${stores}-`; // none is the beginning of another one
  const { history, customSerde } = stage;
  await Promise.all(theatre.hosts.map((host) => host.open({ keyPrefix, history, customSerde })));
  try {
    const player = new Player(theatre, keyPrefix, stage);
    for (const [at, step] of steps.entries()) {
      await player.play(step).catch((error: unknown) => {
        const difference = new Difference(
          `at step ${at}, ${JSON.stringify(step)}:\n${error instanceof Difference ? error.message : (error as Error).stack}`,
        );
        difference.trace = player.trace;
        throw difference;
      });
    }
  } finally {
    await Promise.all(theatre.hosts.map((host) => host.close(keyPrefix)));
  }
}

class Player {
  private oracle: Oracle;
  private readonly resolver: Resolver;
  readonly trace: string[] = [];
  /** Whether a thread has expired, which later calls take out of the indexes. */
  private hasExpired = false;

  constructor(
    private readonly theatre: Theatre,
    private readonly keyPrefix: string,
    private readonly stage: Stage,
  ) {
    this.oracle = new Oracle(stage.history);
    this.resolver = new Resolver(stage);
  }

  async play(step: Step): Promise<void> {
    if (step.step === "together") return this.together(step.steps);
    if (step.step === "end") return this.end(step);
    if (step.step === "evict") return this.evict(this.stage.threads[step.thread] as string, step.key);
    if (step.step === "expire") return this.expire(this.stage.threads[step.thread] as string, step.by);
    for (const order of this.resolver.resolve(this.oracle, step)) await this.perform(order);
    await this.leaveNothingVague();
  }

  private async perform(order: Order): Promise<void> {
    const deed = await this.carryOut(order);
    const problem = judge(this.oracle, deed);
    if (problem) throw new Difference(`${toText(deed)}\n${problem}`);
    this.resolver.learn(this.oracle);
  }

  private async carryOut({ saver, command }: Order): Promise<Deed> {
    const settings = SAVERS[saver] as SaverSettings;
    const host = this.theatre.hosts[settings.process] as Host;
    const from = Date.now();
    const outcome = await host.perform(this.keyPrefix, saver, command);
    const deed: Deed = { command, saver: settings, outcome, at: { from, to: Date.now() } };
    this.trace.push(`${from} to ${deed.at.to}, ${toText(deed)}`);
    if (this.trace.length > TRACE) this.trace.shift();
    return deed;
  }

  /**
   * Several commands at once: there must be an order in which, one after the other, they come to the same results and
   * leave the same state.
   */
  private async together(steps: readonly Step[]): Promise<void> {
    const orders = steps.flatMap((step) => this.resolver.resolve(this.oracle, step).slice(0, 1));
    const deeds = await Promise.all(orders.map((order) => this.carryOut(order)));
    const threads = this.stage.threads.filter((thread) => !this.oracle.threads.get(thread)?.damaged);
    const states = await Promise.all(
      threads.map((thread) => this.carryOut({ saver: SAVERS.length - 1, command: { do: "list", thread } })),
    );
    const problems: string[] = [];
    for (const ordered of permutations(deeds.filter(({ outcome }) => !isConflict(outcome)))) {
      const oracle = this.oracle.copy();
      const problem = firstProblem(oracle, [...ordered, ...states]);
      if (problem === undefined) {
        this.oracle = oracle;
        this.resolver.learn(oracle);
        this.resolver.blur(oracle, orders);
        for (const thread of oracle.threads.values()) {
          // In another order, which explains the rest too, others may have come last.
          thread.expires = EVER;
          if (orders.some(({ command }) => REMOVE.has(command.do))) thread.created = EVER;
        }
        const written = orders.flatMap(({ command }) => (command.do === "putWrites" ? [command.thread] : []));
        return this.leaveNothingVague(written);
      }
      problems.push(problem);
    }
    throw new Difference(
      `no order explains what came of\n${deeds.map(toText).join("\n")}\n${[...new Set(problems)].join("\n---\n")}`,
    );
  }

  /**
   * Of a thread without checkpoints it is not said whether pending writes keep it when others were removed, or came
   * first.
   */
  private async leaveNothingVague(written: readonly string[] = []): Promise<void> {
    for (const thread of this.stage.threads) {
      const state = this.oracle.threads.get(thread);
      if (state?.damaged || this.oracle.count(thread) > 0) continue;
      if (!state?.emptied && !written.includes(thread)) continue;
      await this.perform({ saver: 0, command: { do: "deleteThread", thread } });
    }
  }

  private async evict(thread: string, which: number): Promise<void> {
    const keys = await this.keysOf(thread);
    const state = this.oracle.threads.get(thread);
    if (!state || keys.length === 0) return;
    await this.theatre.client.del(keys[which % keys.length] as string);
    state.damaged = true;
  }

  /** Lets a thread expire, and waits until it is gone. */
  private async expire(thread: string, by: number): Promise<void> {
    const state = this.oracle.threads.get(thread);
    if (!state || state.damaged || this.oracle.count(thread) === 0) return;
    await this.perform({ saver: by, command: { do: "expire", thread, minutes: 2 / 60_000 } });
    while ((await this.keysOf(thread)).length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    this.oracle.threads.delete(thread);
    this.hasExpired = true;
  }

  private async end({ readers, deleters, audit }: EndStep): Promise<void> {
    const [first = 0, second = 0] = readers;
    await this.compareAll(first);
    await this.perform({ saver: second, command: { do: "list" } });
    await this.compareExpiry();
    const isSound = [...this.oracle.threads.values()].every(({ damaged }) => !damaged);
    if (audit && isSound && !this.hasExpired) await this.theatre.audit?.(this.keyPrefix);
    for (const [at, thread] of this.stage.threads.entries()) {
      await this.perform({
        saver: deleters[at % deleters.length] as number,
        command: { do: "deleteThread", thread },
      });
    }
    this.hasExpired = false;
    const left = await this.theatre.client.keys(`${this.keyPrefix}:*`);
    if (left.length > 0)
      throw new Difference(`all threads are deleted, but there still is\n${left.join("\n")}`);
    for (const thread of this.stage.threads) {
      await this.perform({ saver: first, command: { do: "getTuple", thread, ns: "", adopt: false } });
    }
    await this.perform({ saver: second, command: { do: "listThreads", limit: 2, orderBy: "createdAt" } });
  }

  /** Compares everything that one saver can read. */
  private async compareAll(saver: number): Promise<void> {
    const { stage, oracle } = this;
    const perform = (command: Order["command"]) => this.perform({ saver, command });
    await perform({ do: "list" });
    await perform({ do: "listThreads", limit: 2, orderBy: "updatedAt" });
    for (const thread of stage.threads) {
      const spaces = new Set(["", ...(oracle.threads.get(thread)?.checkpoints.keys() ?? [])]);
      for (const ns of spaces) {
        await perform({ do: "getTuple", thread, ns, adopt: false });
        const channels = [...stage.deltas, stage.channels[0] as string];
        if (oracle.latest(thread, ns) !== undefined) await perform({ do: "history", thread, ns, channels });
        const gone = this.resolver.gone(oracle, { thread, ns });
        const id = gone.at(-1);
        if (id !== undefined) await perform({ do: "getTuple", thread, ns, id, adopt: false });
      }
    }
  }

  /** All keys of a thread expire at one moment, which is the one that it should be. */
  private async compareExpiry(): Promise<void> {
    for (const [thread, { expires, damaged }] of this.oracle.threads) {
      if (damaged) continue;
      const keys = await this.keysOf(thread);
      // Writes for a checkpoint to come that met with the thread's deletion.
      if (keys.length === 0 && this.oracle.count(thread) === 0) continue;
      const moments = new Set(await Promise.all(keys.map((key) => this.theatre.client.pExpireTime(key))));
      const [moment = Number.NaN] = moments;
      const isRight =
        moments.size === 1 &&
        (moment === -1
          ? expires === undefined || expires.from === Number.NEGATIVE_INFINITY
          : expires !== undefined && moment >= expires.from - CLOCKS && moment <= expires.to + CLOCKS);
      if (!isRight) {
        throw new Difference(
          `thread ${thread} should expire ${JSON.stringify(expires ?? "never")}, but its keys do at ${[...moments].join(" and ")}`,
        );
      }
    }
  }

  private async keysOf(thread: string): Promise<string[]> {
    const keys = await this.theatre.client.keys(`${this.keyPrefix}:*`);
    const encoded = encodeKeyPart(thread);
    return keys
      .filter((key) => {
        const parts = key.slice(this.keyPrefix.length + 1).split(":");
        const name = parts[parts.indexOf("thread") + 1];
        return parts.includes("thread") && (name === encoded || name === `{${encoded}}`);
      })
      .sort();
  }
}

function firstProblem(oracle: Oracle, deeds: readonly Deed[]): string | undefined {
  for (const deed of deeds) {
    const problem = judge(oracle, deed);
    if (problem) return `${deed.command.do}: ${problem}`;
  }
  return undefined;
}

/** A command that gave up because others changed the thread all the time, having done nothing. */
function isConflict(outcome: Deed["outcome"]): boolean {
  return "error" in outcome && outcome.error === "ThreadConflictError";
}

function permutations<T>(of: readonly T[]): T[][] {
  if (of.length === 0) return [[]];
  return of.flatMap((first, at) =>
    permutations(of.filter((_, other) => other !== at)).map((rest) => [first, ...rest]),
  );
}

function toText({ saver, command, outcome }: Deed): string {
  const came = "error" in outcome ? `${outcome.error}: ${outcome.message}` : "done";
  return `saver "${saver.name}": ${JSON.stringify(command)}: ${came}`;
}

import type { Arg, Connection, Reply } from "../../redis/command.js";
import type { ThreadKeys } from "../keys.js";
import type { Limits } from "../limits.js";
import { execute } from "../scripts/execute.js";
import { REWRITE_BEGIN, REWRITE_READ } from "../scripts/index.js";

/** A member of the thread's index, with the record if it is the place of a checkpoint. */
export interface IndexEntry {
  readonly member: Buffer;
  readonly record: Buffer | undefined;
}

/** Somebody has written to the thread, or it is gone. */
export class ThreadChanged extends Error {}

/** Reads all of a thread as it is at one moment, in portions. What others write meanwhile makes it fail. */
export class ThreadReader {
  private constructor(
    private readonly connection: Connection,
    private readonly keys: ThreadKeys,
    private readonly limits: Limits,
    /** The name of the state that is read, see scripts/rewrite-begin.lua. */
    readonly state: string,
  ) {}

  /** @returns undefined when there is no such thread. */
  static async open(
    connection: Connection,
    keys: ThreadKeys,
    limits: Limits,
    token: string,
  ): Promise<ThreadReader | undefined> {
    const state = (await execute(connection, REWRITE_BEGIN.call(keys.all, [token]))) as Buffer | null;
    return state === null ? undefined : new ThreadReader(connection, keys, limits, state.toString("utf8"));
  }

  /** All members of the index, in their order. @throws {ThreadChanged} */
  async *index(): AsyncGenerator<IndexEntry> {
    let place: Arg = "";
    do {
      const reply = await this.read("index", place, String(this.limits.scriptBatch));
      const [members, records, next] = reply as [Buffer[], (Buffer | null)[], Buffer];
      for (const [at, member] of members.entries()) yield { member, record: records[at] ?? undefined };
      place = next;
    } while (place.length > 0);
  }

  /** Chunks, in the order of their names. @throws {ThreadChanged} */
  async *chunks(names: readonly string[]): AsyncGenerator<readonly [name: string, stored: Buffer]> {
    const batch = this.limits.scriptBatch;
    for (let at = 0; at < names.length; ) {
      const asked = names.slice(at, at + batch).join("");
      const values = (await this.read("chunks", asked)) as Buffer[];
      for (const value of values) yield [names[at++] as string, value];
    }
  }

  /** Fields of the checkpoints' hash, and how long the thread lives. @throws {ThreadChanged} */
  async fields(names: readonly string[]): Promise<{ values: (Buffer | null)[]; milliseconds: number }> {
    const values: (Buffer | null)[] = [];
    let milliseconds = -1;
    const batch = this.limits.scriptBatch;
    for (let at = 0; at === 0 || at < names.length; at += batch) {
      const reply = await this.read("fields", ...names.slice(at, at + batch));
      const [found, left] = reply as [(Buffer | null)[], number];
      values.push(...found);
      milliseconds = left;
    }
    return { values, milliseconds };
  }

  private async read(...what: Arg[]): Promise<Reply> {
    const args = [this.state, String(this.limits.pageBytes), ...what];
    const reply = await execute(this.connection, REWRITE_READ.call(this.keys.all, args));
    if (Buffer.isBuffer(reply)) throw new ThreadChanged();
    return reply;
  }
}

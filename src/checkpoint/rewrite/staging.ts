import type { Arg, Connection } from "../../redis/command.js";
import { stagingKeys, type ThreadKeys } from "../keys.js";
import type { Limits } from "../limits.js";
import { execute } from "../scripts/execute.js";
import { REWRITE_FINISH, REWRITE_STAGE } from "../scripts/index.js";

/** How long what is staged lives after each portion. */
const STAGED_MILLISECONDS = 600_000;

/** What a field or member takes on its way beside itself. */
const OVERHEAD = 32;

/** A part of what was staged has expired or was evicted before all was there. */
export class StagingLost extends Error {}

export type Outcome = "done" | "changed" | "exists" | "lost";

/**
 * A thread that is being written under keys of its own, in portions, to be put in place at once. What is given up expires
 * by itself.
 */
export class Staging {
  private readonly staged: readonly string[];
  /** Arguments of the next portion. */
  private fields: Arg[] = [];
  private members: Arg[] = [];
  private chunks: Arg[] = [];
  private bytes = 0;
  private entries = 0;
  private hasBegun = false;
  // Each key has a member that only says that it is there.
  private readonly counts = { fields: 1, members: 1, chunks: 1 };

  /** @param token tells this staging from any other one. */
  constructor(
    private readonly connection: Connection,
    private readonly target: ThreadKeys,
    private readonly limits: Limits,
    { keyPrefix, threadId }: { keyPrefix: string; threadId: string },
    private readonly token: string,
  ) {
    this.staged = stagingKeys(keyPrefix, threadId, token);
  }

  /** @throws {StagingLost} */
  async field(name: Arg, value: Arg): Promise<void> {
    this.counts.fields += 1;
    this.fields.push(name, value);
    await this.added(name.length + value.length);
  }

  /** @throws {StagingLost} */
  async member(member: Buffer): Promise<void> {
    this.counts.members += 1;
    this.members.push(member);
    await this.added(member.length);
  }

  /** @throws {StagingLost} */
  async chunk(name: string, value: Arg): Promise<void> {
    this.counts.chunks += 1;
    this.chunks.push(name, value);
    await this.added(name.length + value.length);
  }

  /** Puts the thread in place of the one with this state. @throws {StagingLost} */
  replace(state: string): Promise<Outcome> {
    return this.finish("replace", state);
  }

  /** Puts the thread where there must not be one. @throws {StagingLost} */
  create(milliseconds: number): Promise<Outcome> {
    return this.finish("create", String(milliseconds));
  }

  /** Removes what is staged, as far as that succeeds. */
  async discard(): Promise<void> {
    if (!this.hasBegun) return;
    const [key = ""] = this.staged;
    await this.connection.pipeline([{ key, args: ["UNLINK", ...this.staged] }]).catch(() => {});
  }

  private async added(bytes: number): Promise<void> {
    this.bytes += bytes + OVERHEAD;
    this.entries += 1;
    if (this.bytes >= this.limits.pageBytes || this.entries >= this.limits.scriptBatch) await this.flush();
  }

  private async flush(): Promise<void> {
    const { fields, members, chunks } = this;
    const args = [
      ...[String(STAGED_MILLISECONDS), this.hasBegun ? "more" : "begin"],
      ...[String(fields.length / 2), ...fields, String(members.length), ...members],
      ...[String(chunks.length / 2), ...chunks],
    ];
    [this.fields, this.members, this.chunks, this.bytes, this.entries] = [[], [], [], 0, 0];
    this.hasBegun = true;
    if ((await execute(this.connection, REWRITE_STAGE.call(this.staged, args))) !== 1)
      throw new StagingLost();
  }

  private async finish(how: "replace" | "create", argument: string): Promise<Outcome> {
    await this.field("rewritten", this.token);
    await this.flush();
    const { own, partition } = this.target;
    const { fields, members, chunks } = this.counts;
    const args = [this.token, how, argument, String(fields), String(members), String(chunks)];
    const call = REWRITE_FINISH.call([...own, ...this.staged, ...partition.all], args);
    const outcome = String(await execute(this.connection, call)) as Outcome;
    if (outcome === "done") this.hasBegun = false;
    return outcome;
  }
}

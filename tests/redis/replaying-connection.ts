import { createHash } from "node:crypto";
import { RESP_TYPES } from "redis";
import type { Command, Connection, Reply } from "../../src/redis/command.js";
import { type ConnectionClient, IS_CONNECTION } from "../../src/redis/connection.js";
import type { TestClient } from "../helpers/redis.js";

/** Vectors and chunks are no text. */
const BYTES = { [RESP_TYPES.BLOB_STRING]: Buffer };

/** What became of one pipeline that reached the server twice. */
export interface Replayed {
  /** SHA-1 of the scripts in it. */
  scripts: string[];
  /** Names of its commands, for messages. */
  commands: string;
  once: Snapshot;
  twice: Snapshot;
}

/** All keys with what they hold; of times only whether there is one. */
export type Snapshot = Record<string, unknown>;

/** Sends every pipeline twice, as after a lost answer, and keeps what the keys held after the first and after the second. */
export class ReplayingConnection implements ConnectionClient {
  readonly [IS_CONNECTION] = true;
  readonly replayed: Replayed[] = [];

  constructor(
    private readonly inner: Connection,
    private readonly admin: TestClient,
    private readonly prefix: string,
  ) {}

  async pipeline(commands: readonly Command[]): Promise<(Reply | Error)[]> {
    const replies = await this.inner.pipeline(commands);
    if (replies.some((reply) => reply instanceof Error && reply.message.startsWith("NOSCRIPT")))
      return replies;
    const once = await this.snapshot();
    await this.inner.pipeline(commands);
    const twice = await this.snapshot();
    const scripts = commands.filter(({ args }) => /^EVAL/.test(String(args[0]))).map(shaOf);
    this.replayed.push({ scripts, commands: commands.map(({ args }) => args[0]).join(" "), once, twice });
    return replies;
  }

  private async snapshot(): Promise<Snapshot> {
    const keys: string[] = [];
    for await (const page of this.admin.scanIterator({ MATCH: `${this.prefix}*`, COUNT: 1_000 }))
      keys.push(...page);
    const entries = keys.sort().map(async (key) => [key, await this.contents(key)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  private async contents(key: string): Promise<unknown> {
    const expires = (await this.admin.pTTL(key)) > 0;
    switch (await this.admin.type(key)) {
      case "hash":
        return { expires, hash: { ...(await this.admin.withTypeMapping(BYTES).hGetAll(key)) } };
      case "zset": {
        const members = await this.admin.zRangeWithScores(key, 0, -1);
        // A deadline that counts from now is a little later the second time.
        const score = (value: number) => (value > 1e12 ? Math.round(value / 1e6) : value);
        return { expires, zset: members.map(({ value, score: exact }) => [value, score(exact)]) };
      }
      case "set":
        return { expires, set: (await this.admin.sMembers(key)).sort() };
      default:
        return { expires, value: await this.admin.get(key) };
    }
  }
}

/** EVAL sends the text of the script, EVALSHA its digest. */
function shaOf({ args }: Command): string {
  return String(args[0]) === "EVALSHA"
    ? String(args[1])
    : createHash("sha1").update(String(args[1])).digest("hex");
}

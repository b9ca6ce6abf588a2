import { createHash } from "node:crypto";
import { expect } from "vitest";
import { threadKeys } from "../../src/checkpoint/keys.js";
import { decodeKeyPart } from "../../src/redis/key-encoding.js";
import type { TestClient } from "../helpers/redis.js";
import { keysUnder, partitionIndex, rawHash, rawMembers } from "./helpers.js";

/** The part of a record that scripts read. */
interface Header {
  readonly c?: string;
  readonly p?: string;
  readonly n?: number;
  readonly r?: string;
}

const NAME = 20;
const names = (text: string): string[] => text.match(new RegExp(`.{${NAME}}`, "gs")) ?? [];

/**
 * Checks all that is stored under a prefix against itself, as if it were counted anew: references of chunks, needs of
 * checkpoints, runs, pending writes, and the indexes of all partitions. Nothing may be left that nothing accounts for.
 */
export async function expectConsistent(
  client: TestClient,
  keyPrefix: string,
  told: unknown = "",
): Promise<void> {
  const keys = await keysUnder(client, keyPrefix);
  const threads = new Set(
    keys.flatMap((key) => /:thread:([^:]*):[^:]*$/.exec(key)?.slice(1) ?? []).map(decodeKeyPart),
  );
  const runs: string[] = [];
  const expires: string[] = [];
  for (const thread of threads) {
    const own = threadKeys(keyPrefix, thread).own;
    expect([told, thread, own.filter((key) => !keys.includes(key))]).toEqual([told, thread, []]);
    const name = own[0]?.slice(own[0].indexOf(":thread:") + 8, -":checkpoints".length) as string;
    for (const run of await checkThread(client, keyPrefix, thread, told))
      runs.push(`r:${run}:${name}`, `t:${name}:${run}`);
    const moments = new Set(await Promise.all(own.map((key) => client.pExpireTime(key))));
    const index = await client.zScore(threadKeys(keyPrefix, thread).partition.expires, name);
    expect([told, thread, ...moments]).toEqual([told, thread, index ?? -1]);
    if (index !== null) expires.push(name);
  }
  const encoded = [...threads].map(
    (thread) => threadKeys("", thread).checkpoints.split(":").at(-2) as string,
  );
  for (const index of ["threads", "created"] as const) {
    expect([told, index, await partitionIndex(client, keyPrefix, index)]).toEqual([
      told,
      index,
      encoded.sort(),
    ]);
  }
  expect([told, await partitionIndex(client, keyPrefix, "runs")]).toEqual([told, runs.sort()]);
  expect([told, await partitionIndex(client, keyPrefix, "expires")]).toEqual([told, expires.sort()]);
}

/** @returns the encoded ids of the runs that the thread has checkpoints of. */
async function checkThread(
  client: TestClient,
  keyPrefix: string,
  thread: string,
  told: unknown,
): Promise<Set<string>> {
  const { checkpoints, index, chunks } = threadKeys(keyPrefix, thread);
  const hash = await rawHash(client, checkpoints);
  const members = (await rawMembers(client, index)).map((member) => member.toString("latin1"));
  const stored = await rawHash(client, chunks);
  const start = (kind: string) =>
    members.filter((member) => member.startsWith(`${kind}:`)).map((member) => member.slice(2));
  const headers = new Map<string, Header>();
  const needs = new Map<string, number>();
  for (const [field, value] of hash) {
    if (
      field === "!" ||
      ["ttl", "copy", "early", "state", "rewritten"].includes(field) ||
      field.startsWith("^")
    )
      continue;
    if (field.startsWith("#")) needs.set(field.slice(1), Number(value));
    else headers.set(Buffer.from(field, "utf8").toString("latin1"), headerOf(value));
  }
  expect([told, start("c").sort()]).toEqual([told, [...headers.keys()].sort()]);

  const needed = new Map<string, number>();
  const referred = new Map<string, number>();
  const refer = (name: string) => referred.set(name, (referred.get(name) ?? 0) + 1);
  const runs = new Set<string>();
  const ofRuns: string[] = [];
  for (const [field, { c = "", p, n, r }] of headers) {
    names(c).forEach(refer);
    if (n && p !== undefined) {
      const parent = field.slice(0, field.indexOf(":") + 1) + p;
      needed.set(parent, (needed.get(parent) ?? 0) + 1);
    }
    if (r !== undefined) {
      runs.add(r);
      ofRuns.push(`${r}:${field}`);
    }
  }
  expect([told, "needs", needs]).toEqual([told, "needs", needed]);
  expect([told, "runs", start("r").sort()]).toEqual([told, "runs", ofRuns.sort()]);

  const noted = new Set([...start("g"), ...start("l")]);
  for (const write of start("w")) {
    const [ns, id, , , written = ""] = write.split(":");
    names(written).forEach(refer);
    const field = `${ns}:${id?.replaceAll("%3A", ":").replaceAll("%25", "%")}`;
    expect([told, field, headers.has(field) || noted.has(`${ns}:${id}`)]).toEqual([told, field, true]);
  }

  const counts = new Map<string, number>();
  for (const [name, value] of stored) {
    if (name === "!" || name.startsWith("#")) continue;
    const kind = String.fromCharCode(value[0] as number);
    if (kind === "t" || kind === "@") names(value.toString("latin1", 1)).forEach(refer);
    counts.set(name, 1 + Number(stored.get(`#${name}`) ?? 0));
  }
  // A chunk that is noted to be freed counts as if it had one more.
  for (const name of start("h")) refer(name);
  expect([told, "chunks", counts]).toEqual([
    told,
    "chunks",
    new Map([...referred].filter(([name]) => counts.has(name))),
  ]);
  expect([told, "lost chunks", [...referred.keys()].filter((name) => !counts.has(name))]).toEqual([
    told,
    "lost chunks",
    [],
  ]);
  for (const name of stored.keys()) {
    if (name.startsWith("#")) expect([told, name, stored.has(name.slice(1))]).toEqual([told, name, true]);
  }
  return runs;
}

function headerOf(record: Buffer): Header {
  const line = record.subarray(0, record.indexOf("\n"));
  const text = line.subarray(0, -11);
  expect(line.toString("latin1", text.length + 1)).toBe(
    createHash("sha1").update(text).digest("hex").slice(0, 10),
  );
  return JSON.parse(text.toString("utf8"));
}

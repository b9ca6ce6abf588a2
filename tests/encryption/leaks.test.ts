import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { DeltaSnapshot, ERROR, INTERRUPT, TASKS } from "@langchain/langgraph-checkpoint";
import { type EncryptionOptions, RedisCache, RedisSaver, RedisStore } from "langgraph-redis";
import { expect, onTestFinished, test } from "vitest";
import { config, id, put } from "../conformance/saver/steps.js";
import { KEYS } from "../helpers/encryption.js";
import { connect } from "../helpers/redis.js";
import { startServer } from "../helpers/servers/index.js";
import { FakeEmbeddings } from "../store/fake-embeddings.js";

const OLD: EncryptionOptions = { keys: { old: KEYS.old }, current: "old" };
const BOTH: EncryptionOptions = { keys: { old: KEYS.old, new: KEYS.new }, current: "new" };

/** Texts that are nowhere but where they were put, by what they stand for. */
class Marks {
  readonly all = new Map<string, string>();

  /** Small letters only, so that a tokenizer leaves it as it is. */
  of(what: string): string {
    const known = this.all.get(what);
    if (known !== undefined) return known;
    const digits = createHash("sha256").update(`a mark of ${what}`).digest("hex");
    const mark = `marked${digits.slice(0, 20).replace(/\d/g, (digit) => "ghijklmnop"[Number(digit)] as string)}`;
    this.all.set(what, mark);
    return mark;
  }
}

/** Puts a marked text everywhere where content of a user's may be. */
async function writeEverywhere(url: string, marks: Marks, encryption?: EncryptionOptions): Promise<void> {
  const options = { ...(encryption ? { encryption } : {}) };
  // A compressed mark would not be found where it is not encrypted.
  await using saver = await RedisSaver.fromConnString(url, { ...options, compression: false });
  await using latest = await RedisSaver.fromConnString(url, {
    ...options,
    compression: false,
    history: "latest",
  });
  const m = (what: string) => marks.of(what);
  const long = (what: string) => `${m(what)} `.repeat(200);
  const messages = Array.from({ length: 80 }, (_, n) =>
    n % 2
      ? new AIMessage(`${m("a message")} ${n} `.repeat(12))
      : new HumanMessage({ id: `${n}`, content: m("a message") }),
  );
  for (const [each, thread] of [
    [saver, "all"],
    [latest, "latest"],
  ] as const) {
    for (let n = 1; n <= 3; n++) {
      const at = await put(each, thread, {
        id: id(n),
        ...(n > 1 ? { parent: id(n - 1) } : {}),
        values: {
          messages: messages.slice(0, 70 + 3 * n),
          small: m("a small value"),
          large: { text: long("a large value") },
          bytes: new TextEncoder().encode(m("a binary value").repeat(30)),
          empty: [],
          delta: new DeltaSnapshot([m("a snapshot of a delta channel")]),
          [m("a name of a channel")]: 1,
        },
        versions: {
          messages: n,
          small: 1,
          large: n,
          bytes: 1,
          empty: 1,
          delta: n,
          [m("a name of a channel")]: 1,
        },
        metadata: {
          note: m("metadata"),
          [m("a name in metadata")]: 1,
          writes: { node: long("large metadata") },
          counters_since_delta_snapshot: { delta: [1, 1] },
        },
      });
      await each.putWrites(
        at,
        [
          ["messages", [new HumanMessage(m("a pending message"))]],
          ["large", long("a large pending write")],
          [INTERRUPT, { value: m("an interrupt") }],
          [ERROR, m("an error")],
          [TASKS, { node: "n", args: m("a send") }],
          [m("a channel of a pending write"), 1],
        ],
        `task-${n}`,
        m("a path of a task"),
      );
    }
  }
  await saver.copyThread("all", "copy");

  await using store = await RedisStore.fromConnString(url, {
    ...options,
    index: {
      dims: 8,
      embeddings: new FakeEmbeddings(8),
      fields: ["text"],
      text: true,
      numericFields: ["year"],
    },
  });
  for (const key of ["1", "2"]) {
    const value = {
      text: `${m("a text of an item")} ${m("a word of an item")}`,
      tag: m("a string of an item"),
      deep: { list: [{ of: m("a deep string") }], [m("a name in an item")]: true },
      long: long("a long string of an item"),
      year: 2026,
    };
    await store.put(["a", "b"], key, value, key === "1" ? { ttl: 60 } : {});
  }
  const filter = { tag: m("a string of an item") };
  expect(await store.search(["a"], { filter, query: m("a word of an item") })).toHaveLength(2);

  const cache = await RedisCache.fromConnString(url, options);
  await cache.set([
    { key: [["ns"], m("a key of a cache")], value: { text: m("a cached value") } },
    { key: [["ns"], `${m("a key of a cache")}2`], value: long("a long cached value"), ttl: 60 },
  ]);
  await cache.stop();
}

/** All that a server holds, and all that it wrote to its append-only file, as text with a character for each byte. */
async function allBytes(url: string): Promise<{ memory: string; file: string }> {
  const client = await connect(url, { commandOptions: { typeMapping: { 36: Buffer } } });
  const send = (...args: string[]) => client.sendCommand(args) as Promise<unknown>;
  const parts: string[] = [];
  const add = (reply: unknown): void => {
    if (Buffer.isBuffer(reply)) parts.push(reply.toString("latin1"));
    else if (Array.isArray(reply)) reply.forEach(add);
    else if (reply instanceof Map) for (const entry of reply) entry.forEach(add);
    else if (typeof reply === "object" && reply !== null)
      for (const entry of Object.entries(reply)) entry.forEach(add);
    else parts.push(String(reply));
  };
  for (const key of (await send("KEYS", "*")) as Buffer[]) {
    const name = key.toString("latin1");
    add(key);
    const reads: Record<string, string[]> = {
      hash: ["HGETALL", name],
      zset: ["ZRANGE", name, "0", "-1"],
      string: ["GET", name],
    };
    const type = String(await send("TYPE", name));
    add(await send(...(reads[type] ?? ["DUMP", name])));
  }
  const [, directory] = (await send("CONFIG", "GET", "dir").then((reply) =>
    Array.isArray(reply) ? reply : Object.entries(reply as object)[0],
  )) as unknown[];
  const folder = join(String(directory), "appendonlydir");
  const file = readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
  return { memory: parts.join("\n"), file: file.join("\n") };
}

/** How a text that is not encrypted may be stored. */
function readableForms(mark: string): Record<string, string> {
  const bytes = Buffer.from(mark);
  // Wherever it begins in what is encoded.
  const base64 = [0, 1, 2].map((shift) => [`base64 ${shift}`, bytes.toString("base64", shift, shift + 18)]);
  return { text: mark, hex: bytes.toString("hex"), numbers: bytes.join(), ...Object.fromEntries(base64) };
}

/** What anybody can compute of a text, to see whether it is there. */
function digestsOf(mark: string): Record<string, string> {
  const texts = { text: mark, JSON: JSON.stringify(mark), segment: `j${JSON.stringify(mark)}` };
  const digests: [string, string][] = [];
  for (const [of, text] of Object.entries(texts))
    for (const algorithm of ["sha1", "sha256"])
      for (const encoding of ["hex", "base64", "base64url"] as const)
        digests.push([
          `${algorithm} of its ${of} in ${encoding}`,
          createHash(algorithm).update(text).digest(encoding).slice(0, 10),
        ]);
  return Object.fromEntries(digests);
}

const DIGEST = /(?<![\w-])[\w-]{20}(?![\w-])/g;

async function write(encryption?: EncryptionOptions) {
  const server = await startServer({ own: true, appendonly: true });
  onTestFinished(() => server.stop());
  const marks = new Marks();
  await writeEverywhere(server.url, marks, encryption);
  return { url: server.url, marks: marks.all };
}

test("nothing that a user gives is readable in Redis or its append-only file, nor an unkeyed digest of it", async () => {
  const plain = await write();
  const found = await allBytes(plain.url);
  for (const [what, mark] of plain.marks) {
    // So that this test would notice.
    const forms = Object.values(readableForms(mark));
    expect([what, forms.some((form) => found.memory.includes(form))]).toEqual([what, true]);
  }
  const sealed = await write(OLD);
  // Also while it is encrypted with another key.
  await using saver = await RedisSaver.fromConnString(sealed.url, { encryption: BOTH });
  await using store = await RedisStore.fromConnString(sealed.url, {
    encryption: BOTH,
    index: {
      dims: 8,
      embeddings: new FakeEmbeddings(8),
      fields: ["text"],
      text: true,
      numericFields: ["year"],
    },
  });
  for (const { threadId } of await saver.listThreads()) await saver.reencrypt(threadId);
  await store.reencrypt([]);
  expect((await saver.getTuple(config("copy")))?.checkpoint.channel_values.small).toBe(
    sealed.marks.get("a small value"),
  );
  const { memory, file } = await allBytes(sealed.url);
  expect(file.length).toBeGreaterThan(memory.length);
  const leaks: string[] = [];
  for (const [what, mark] of sealed.marks) {
    for (const [form, text] of Object.entries({ ...readableForms(mark), ...digestsOf(mark) })) {
      if (memory.includes(text)) leaks.push(`${what} as ${form} in memory`);
      if (file.includes(text)) leaks.push(`${what} as ${form} in the append-only file`);
    }
  }
  expect(leaks).toEqual([]);
  // Names of chunks that a plain saver gives to the same contents.
  const names = new Set(found.memory.match(DIGEST));
  expect(names.size).toBeGreaterThan(10);
  expect([...names].filter((name) => memory.includes(name) || file.includes(name))).toEqual([]);
});

import type { EncryptionOptions } from "langgraph-redis";
import { beforeAll, describe, expect, test } from "vitest";
import { withChecksum } from "../../../src/checkpoint/records/checksum.js";
import { encodeTable } from "../../../src/checkpoint/values/chunk.js";
import { config, id, list, put, values } from "../../conformance/saver/steps.js";
import { rawHash, rawMembers, replaceMember, savers } from "../helpers.js";
import { errorOf, keys, keysAndPlaintext, messages, note, step } from "./helpers.js";

/** Two encrypted threads "t" and "u" with the same content, and "plain" with it, as a client without keys wrote it. */
async function threads(encryption: EncryptionOptions = keys("new")) {
  const place = await savers();
  for (const [thread, options] of [
    ["t", { encryption }],
    ["u", { encryption }],
    ["plain", {}],
  ] as const) {
    const saver = place.saver(options);
    for (let n = 1; n <= 3; n++) await step(saver, n, 40 + n, thread);
  }
  return { ...place, saver: (other: EncryptionOptions = encryption) => place.saver({ encryption: other }) };
}

type Threads = Awaited<ReturnType<typeof threads>>;

/** The kinds of chunks in a thread, each with those of its kind. */
async function chunksOf({ client, key }: Threads, thread = "t") {
  const all = [...(await rawHash(client, key("chunks", thread)))].filter(([name]) => !/^[#!]/.test(name));
  const isTable = ([, chunk]: [string, Buffer]) => chunk[0] === 0x74;
  return { tables: all.filter(isTable), contents: all.filter((each) => !isTable(each)) };
}

/**
 * Puts other bytes under a chunk's name, reads as a client that knows nothing, and puts the chunk back.
 *
 * @returns the errors. What is read nevertheless is as it was.
 */
async function readWith({ client, key, saver }: Threads, name: string, other: Buffer): Promise<unknown[]> {
  const before = (await rawHash(client, key("chunks"))).get(name) as Buffer;
  await client.hSet(key("chunks"), name, other);
  const outcomes = await Promise.allSettled([1, 2, 3].map((n) => values(saver(), config("t", "", id(n)))));
  await client.hSet(key("chunks"), name, before);
  return outcomes.flatMap((outcome, at) => {
    if (outcome.status === "rejected") return [outcome.reason];
    expect(outcome.value).toEqual({ messages: messages(41 + at), note: note(1 + at) });
    return [];
  });
}

describe("a chunk", () => {
  let place: Threads;
  beforeAll(async () => {
    place = await threads();
  });

  test("is refused in the place of every other one of its thread", async () => {
    const { contents } = await chunksOf(place);
    expect(contents.length).toBeGreaterThan(6);
    for (const [name] of contents) {
      for (const [other, bytes] of contents) {
        const errors = await readWith(place, name, bytes);
        if (name === other) expect(errors).toEqual([]);
        else expect(errors.length).toBeGreaterThan(0);
      }
    }
  });

  test("has another name in another thread, and is refused there under its own", async () => {
    const [own, others] = [(await chunksOf(place)).contents, (await chunksOf(place, "u")).contents];
    expect(others.length).toBe(own.length);
    expect(others.filter(([name]) => own.some(([each]) => each === name))).toEqual([]);
    const [[name] = ["", Buffer.alloc(0)]] = own;
    for (const [, bytes] of others) {
      expect((await readWith(place, name, bytes)).length).toBeGreaterThan(0);
    }
  });

  test("is refused as plaintext, though its name says so", async () => {
    const { contents } = await chunksOf(place, "plain");
    const { contents: encrypted } = await chunksOf(place);
    for (const [name] of encrypted) {
      for (const [, bytes] of contents.slice(0, 3)) {
        expect((await readWith(place, name, bytes)).length).toBeGreaterThan(0);
      }
    }
  });

  test("is refused as plaintext of another content, where plaintext is allowed", async () => {
    const { contents } = await chunksOf(place, "plain");
    const { contents: encrypted } = await chunksOf(place);
    const lenient = { ...place, saver: () => place.saver(keysAndPlaintext("new")) };
    for (const [name] of encrypted) {
      const errors = await readWith(lenient, name, contents[0]?.[1] as Buffer);
      expect(errors.length).toBeGreaterThan(0);
    }
  });

  test("cannot be left out of a table, nor exchanged for another one", async () => {
    const { contents, tables } = await chunksOf(place);
    const leaves = contents.map(([name]) => name);
    expect(tables.length).toBeGreaterThan(0);
    for (const [name, table] of tables) {
      const children = table.toString("latin1", 1).match(/.{20}/g) as string[];
      for (const other of [
        children.slice(1),
        children.slice(0, -1),
        [...children].reverse(),
        leaves.slice(0, 3),
      ]) {
        const errors = await readWith(place, name, encodeTable(other));
        expect(errors.length).toBeGreaterThan(0);
      }
    }
    // Nor can a table stand in for a segment.
    for (const name of leaves) {
      const errors = await readWith(place, name, encodeTable(leaves.filter((each) => each !== name)));
      expect(errors.length).toBeGreaterThan(0);
    }
  });

  test("cannot become an alias of another one", async () => {
    const { contents } = await chunksOf(place);
    for (const [name] of contents) {
      for (const [target] of contents) {
        if (target === name) continue;
        const errors = await readWith(place, name, Buffer.from(`@${target}`, "latin1"));
        expect(errors.length).toBeGreaterThan(0);
      }
    }
  });
});

test("a tail is refused with its pieces in another order, without some, or with those of another version", async () => {
  const { client, saver, key } = await savers({ encryption: keys("new") });
  const writer = saver();
  for (let n = 1; n <= 5; n++)
    await put(writer, "t", {
      id: id(n),
      parent: id(n - 1),
      values: { messages: messages(n) },
      versions: { messages: n },
    });
  const chunks = await rawHash(client, key("chunks"));
  const [name, tail] = [...chunks].find(([each]) => !/^[#!]/.test(each)) as [string, Buffer];
  const starts = [2 + "new".length];
  while ((starts.at(-1) as number) < tail.length) {
    const at = starts.at(-1) as number;
    const [low, high] = [tail[at] as number, tail[at + 1] as number];
    starts.push(at + (low < 0x80 ? 1 + low : 2 + (low - 0x80) + high * 0x80));
  }
  expect(starts.at(-1)).toBe(tail.length);
  const head = tail.subarray(0, starts[0]);
  const pieces = starts.slice(0, -1).map((start, at) => tail.subarray(start, starts[at + 1]));
  expect(pieces).toHaveLength(5);
  const orders = [
    [0, 1, 2, 4, 3],
    [1, 0, 2, 3, 4],
    [0, 1, 2, 3],
    [1, 2, 3, 4],
    [0, 1, 2, 3, 3],
    [0, 0, 0, 0, 0],
    [],
  ];
  for (const order of orders) {
    await client.hSet(key("chunks"), name, Buffer.concat([head, ...order.map((at) => pieces[at] as Buffer)]));
    await expect(saver().getTuple(config("t"))).rejects.toThrow(/decrypted|missing or altered/);
  }
  await client.hSet(key("chunks"), name, tail);
  expect(await values(saver(), config("t"))).toEqual({ messages: messages(5) });
});

/** A record, with its checksum made good after the header was changed. */
function withHeader(record: Buffer, change: (header: Record<string, unknown>) => void): Buffer {
  const end = record.indexOf("\n");
  const header = JSON.parse(record.toString("utf8", 0, end - 11));
  change(header);
  return Buffer.concat([withChecksum(Buffer.from(JSON.stringify(header))), record.subarray(end)]);
}

describe("a record", () => {
  async function refused(
    { client, key, saver }: Threads,
    n: number,
    record: Buffer,
    thread = "t",
  ): Promise<void> {
    const field = `:${id(n)}`;
    const before = (await rawHash(client, key("checkpoints", thread))).get(field) as Buffer;
    await client.hSet(key("checkpoints", thread), field, record);
    const at = config(thread, "", id(n));
    const error = await errorOf(saver().getTuple(at));
    expect(error).toMatchObject({ code: "ENCRYPTION", location: { threadId: thread, checkpointId: id(n) } });
    await errorOf(list(saver(), config(thread)));
    await errorOf(list(saver(), config(thread), { filter: { step: n } }));
    await client.hSet(key("checkpoints", thread), field, before);
    await saver().getTuple(at);
  }

  test("is refused in the place of another checkpoint, and in another thread", async () => {
    const place = await threads();
    const [own, others] = await Promise.all(
      ["t", "u"].map((thread) => rawHash(place.client, place.key("checkpoints", thread))),
    );
    await refused(place, 2, own?.get(`:${id(1)}`) as Buffer);
    await refused(place, 2, own?.get(`:${id(3)}`) as Buffer);
    await refused(place, 2, others?.get(`:${id(2)}`) as Buffer);
  });

  test("is refused in another namespace", async () => {
    const place = await threads();
    await put(place.saver(), "t", { id: id(2), values: note(1) }, "inner");
    const records = await rawHash(place.client, place.key("checkpoints"));
    await refused(place, 2, records.get(`inner:${id(2)}`) as Buffer);
  });

  test("is refused with another parent, or none, after it was put as a child of itself as well", async () => {
    const place = await threads();
    for (const [n, others] of [
      [2, [id(3), undefined]],
      [9, [id(1), id(9)]],
    ] as [number, (string | undefined)[]][]) {
      for (let times = 0; times < 2; times++) {
        await put(place.saver(), "t", { id: id(n), parent: id(n), values: note(n), versions: { note: n } });
      }
      const record = (await rawHash(place.client, place.key("checkpoints"))).get(`:${id(n)}`) as Buffer;
      for (const p of others) {
        await refused(
          place,
          n,
          withHeader(record, (header) => Object.assign(header, { p })),
        );
      }
    }
    // Nor does it take over a parent that somebody else gave it.
    const record = (await rawHash(place.client, place.key("checkpoints"))).get(`:${id(2)}`) as Buffer;
    const moved = withHeader(record, (header) => Object.assign(header, { p: id(3) }));
    await place.client.hSet(place.key("checkpoints"), `:${id(2)}`, moved);
    const again = { id: id(2), parent: id(2), values: note(2), versions: { note: 2 } };
    expect(await errorOf(put(place.saver(), "t", again))).toMatchObject({
      location: { threadId: "t", checkpointId: id(2) },
    });
  });

  test("is refused as plaintext, and where its header was changed", async () => {
    const place = await threads();
    const record = (await rawHash(place.client, place.key("checkpoints"))).get(`:${id(2)}`) as Buffer;
    const plain = (await rawHash(place.client, place.key("checkpoints", "plain"))).get(`:${id(2)}`) as Buffer;
    await refused(place, 2, plain);
    const changes: Record<string, unknown>[] = [
      { p: id(3) },
      { p: undefined },
      { t: 0 },
      { v: 3 },
      { r: "another-run" },
      { u: "task" },
      { s: "digest" },
    ];
    for (const change of changes) {
      await refused(
        place,
        2,
        withHeader(record, (header) => Object.assign(header, change)),
      );
    }
    // Names of chunks: those that are there, in another order.
    const swapped = (header: Record<string, unknown>) => {
      const names = (header.c as string).match(/.{20}/g) as string[];
      header.c = names.reverse().join("");
    };
    await refused(place, 2, withHeader(record, swapped));
  });
});

describe("a pending write", () => {
  async function refused({ client, key, saver }: Threads, before: Buffer, after: Buffer): Promise<void> {
    await replaceMember(client, key("index"), before, after);
    for (const read of [saver().getTuple(config("t", "", id(2))), list(saver(), config("t"))]) {
      const error = await errorOf(read);
      expect(error.location).toMatchObject({ threadId: "t", key: key("index") });
    }
    await replaceMember(client, key("index"), after, before);
  }

  test("is refused in another place: another checkpoint, task, index, thread, and with other chunks", async () => {
    const place = await threads();
    const { client, key, saver } = place;
    const memberOf = async (n: number, thread = "t") =>
      (await rawMembers(client, key("index", thread))).find((each) =>
        each.includes(`w::${id(n)}:`),
      ) as Buffer;
    const before = await memberOf(2);
    const content = (member: Buffer) => member.subarray(0, -11);
    /** The payload of one member behind the beginning of another one. */
    const cut = (member: Buffer) => {
      let at = 0;
      for (let colons = 0; colons < 6; colons++) at = member.indexOf(":", at) + 1;
      return { beginning: member.toString("latin1", 0, at), payload: content(member).subarray(at) };
    };
    const joined = (beginning: string, payload: Buffer) =>
      withChecksum(Buffer.concat([Buffer.from(beginning, "latin1"), payload]));
    const own = cut(before);
    expect(joined(own.beginning, own.payload)).toEqual(before);
    for (const other of [
      await memberOf(1),
      await memberOf(3),
      await memberOf(2, "u"),
      await memberOf(2, "plain"),
    ]) {
      await refused(place, before, joined(own.beginning, cut(other).payload));
    }
    const [w, ns, checkpointId, , indices, names, rest] = own.beginning.split(":");
    const [[chunk] = [""]] = (await chunksOf(place)).contents;
    const at = (...parts: (string | undefined)[]) => joined(parts.join(":"), own.payload);
    await refused(place, before, at(w, ns, checkpointId, "other", indices, names, rest));
    await refused(place, before, at(w, ns, checkpointId, "task", "1.0", names, rest));
    await refused(place, before, at(w, ns, checkpointId, "task", "0", names, rest));
    await refused(place, before, at(w, ns, checkpointId, "task", indices, `${names}${chunk}`, rest));
    expect((await saver().getTuple(config("t", "", id(2))))?.pendingWrites).toHaveLength(2);
  });
});

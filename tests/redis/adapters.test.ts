import { describe, expect, test } from "vitest";
import type { CancelSignal } from "../../src/redis/cancellation.js";
import { sendAll } from "../../src/redis/client-adapter.js";
import { isErrorReply } from "../../src/redis/clients/error-reply.js";
import { type Ioredis, IoredisAdapter } from "../../src/redis/clients/ioredis.js";
import { type NodeRedisPool, PoolAdapter } from "../../src/redis/clients/pool.js";
import { type NodeRedisSentinel, SentinelAdapter } from "../../src/redis/clients/sentinel.js";
import type { NodeRedisClient } from "../../src/redis/clients/single.js";
import type { Command } from "../../src/redis/command.js";
import { backoff } from "../../src/redis/connect.js";
import { FakeTransmission } from "./transmission.js";

class ReplyError extends Error {}
class SimpleError extends ReplyError {}

const names = ["a", "b", "c"];
const commands: Command[] = names.map((name) => ({ key: "k", args: [name] }));
const places = [0, 1, 2];
const refused = new SimpleError("OOM command not allowed");
const lost = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

const later = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A promise that the test fulfils. */
function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe("sendAll", () => {
  test.each(places)("gives an error reply in its place: %i", async (place) => {
    const transmission = new FakeTransmission();
    const send = async ({ args: [name] }: Command) => {
      if (name === names[place]) throw refused;
      return name;
    };
    const expected = names.map((name, at) => (at === place ? refused : name));
    expect(await sendAll(commands, transmission, send, isErrorReply)).toEqual(expected);
    expect(transmission.answers.sort(([one], [other]) => one - other)).toEqual([...expected.entries()]);
  });

  test.each(places)(
    "takes back what was not sent, when the connection fails under command %i",
    async (place) => {
      const transmission = new FakeTransmission();
      const takenBack: string[] = [];
      const ended: string[] = [];
      // As a client that is not connected: commands wait until they are taken back.
      const send = async ({ args: [name] }: Command, signal: CancelSignal) => {
        if (name === names[place]) {
          await later();
          throw lost;
        }
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        takenBack.push(String(name));
        await later();
        ended.push(String(name));
        throw new Error("The command was aborted");
      };
      await expect(sendAll(commands, transmission, send, isErrorReply)).rejects.toBe(lost);
      const others = names.filter((_, at) => at !== place);
      expect(takenBack).toEqual(others);
      // Only then it may be sent again: otherwise the order would change.
      expect(ended).toEqual(others);
      expect(transmission.answers).toEqual([]);
    },
  );

  test("takes everything back when its time is over, also when that was before", async () => {
    const send = (_: Command, signal: CancelSignal) =>
      new Promise((_, reject) => {
        if (signal.aborted) reject(lost);
        signal.addEventListener("abort", () => reject(lost));
      });
    const transmission = new FakeTransmission();
    const sending = sendAll(commands, transmission, send, isErrorReply);
    transmission.abort();
    await expect(sending).rejects.toBe(lost);
    await expect(sendAll(commands, transmission, send, isErrorReply)).rejects.toBe(lost);
  });
});

describe("SentinelAdapter", () => {
  const master = { sendCommand: async ([name]: unknown[]) => name } as unknown as NodeRedisClient;

  /** The first pipelines get no connection. */
  function sentinel(failing: (() => Promise<never>)[]): NodeRedisSentinel {
    return {
      isOpen: true,
      getMasterNode: () => undefined,
      sendCommand: async () => undefined,
      _execute: async (_, work) => {
        await failing.shift()?.();
        return work(master);
      },
    };
  }

  test.each([
    ["rejects at once", async () => Promise.reject(lost)],
    ["rejects later", async () => later().then(() => Promise.reject(lost))],
    [
      "throws",
      () => {
        throw lost;
      },
    ],
  ])("goes on after a pipeline that never got a connection: %s", async (_, failing) => {
    const adapter = new SentinelAdapter(sentinel([failing, failing]));
    const sent = [0, 1, 2, 3].map(() => adapter.send(commands, new FakeTransmission()));
    const settled = await Promise.allSettled(sent);
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled", "fulfilled"]);
    expect(await adapter.send(commands, new FakeTransmission())).toEqual(names);
  });

  test("goes on after a pipeline that waits for a connection for ever, once that has given up", async () => {
    const adapter = new SentinelAdapter(sentinel([() => new Promise<never>(() => {})]));
    const hanging = new FakeTransmission();
    void adapter.send(commands, hanging);
    const next = adapter.send(commands, new FakeTransmission());
    await later();
    hanging.abort();
    expect(await next).toEqual(names);
    expect(await adapter.send(commands, new FakeTransmission())).toEqual(names);
  });

  test("does not send what was given up while it waited", async () => {
    const first = gate();
    const adapter = new SentinelAdapter(sentinel([() => first.opened.then(() => Promise.reject(lost))]));
    const failing = adapter.send(commands, new FakeTransmission());
    const given = new FakeTransmission();
    const waiting = adapter.send(commands, given);
    given.abort();
    first.open();
    await expect(failing).rejects.toBe(lost);
    await expect(waiting).rejects.toThrow("aborted");
    expect(given.answers).toEqual([]);
  });

  test.each(places)(
    "looks for the new master when command %i finds that it is none any more",
    async (place) => {
      const demoted = new SimpleError("READONLY You can't write against a read only replica.");
      let isMaster = false;
      const node = {
        sendCommand: async ([name]: unknown[]) => {
          if (!isMaster && name === names[place]) throw demoted;
          return name;
        },
      } as unknown as NodeRedisClient;
      const group = sentinel([]);
      // As node-redis: the work is done again on the new master, if one is found.
      const found = (again: boolean): NodeRedisSentinel => ({
        ...group,
        _execute: async (_, work) =>
          work(node).catch((error) => {
            if (!again) throw error;
            isMaster = true;
            return work(node);
          }),
      });
      const none = await new SentinelAdapter(found(false)).send(commands, new FakeTransmission());
      expect(none).toEqual([demoted, demoted, demoted]);
      expect(await new SentinelAdapter(found(true)).send(commands, new FakeTransmission())).toEqual(names);
    },
  );
});

describe("PoolAdapter", () => {
  const client = { sendCommand: async ([name]: unknown[]) => name } as unknown as NodeRedisClient;

  test("gives the pool no more than it can take, in order", async () => {
    const gates: (() => void)[] = [];
    let most = 0;
    let given = 0;
    const order: string[] = [];
    const pool: NodeRedisPool = {
      isOpen: true,
      totalClients: 2,
      sendCommand: async () => undefined,
      execute: async (work) => {
        most = Math.max(most, ++given);
        await new Promise<void>((resolve) => gates.push(resolve));
        given--;
        return work(client);
      },
    };
    const adapter = new PoolAdapter(pool);
    const sent = Array.from({ length: 20 }, async (_, n) => {
      const transmission = new FakeTransmission();
      const replies = await adapter.send([{ key: "k", args: [String(n)] }], transmission);
      expect(transmission.hasOwnLane).toBe(true);
      order.push(String(n));
      return replies;
    });
    while (order.length < 20) {
      await later();
      for (const open of gates.splice(0)) open();
    }
    expect(await Promise.all(sent)).toEqual(Array.from({ length: 20 }, (_, n) => [String(n)]));
    expect(order).toEqual(Array.from({ length: 20 }, (_, n) => String(n)));
    expect(most).toBeLessThan(8);
  });

  test("goes on after pipelines that failed or were given up", async () => {
    let fails = true;
    const pool: NodeRedisPool = {
      isOpen: true,
      totalClients: 0,
      sendCommand: async () => undefined,
      execute: async (work) => {
        await later();
        if (fails) throw lost;
        return work(client);
      },
    };
    const adapter = new PoolAdapter(pool);
    const transmissions = [1, 2, 3, 4].map(() => new FakeTransmission());
    const sent = transmissions.map((transmission) => adapter.send(commands, transmission));
    transmissions[2]?.abort();
    const settled = await Promise.allSettled(sent);
    expect(settled.map(({ status }) => status)).toEqual(Array(4).fill("rejected"));
    fails = false;
    expect(await adapter.send(commands, new FakeTransmission())).toEqual(names);
  });
});

describe("IoredisAdapter", () => {
  /** Answers each command as the test says, to the listener and in the end. */
  function redis(
    answer: (name: string) => unknown,
    results: (all: unknown[]) => unknown = (all) => all,
  ): Ioredis {
    return {
      status: "ready",
      options: {},
      pipeline: () => {
        const answers: [Error | null, unknown][] = [];
        return {
          callBuffer: (name: string, _: unknown, listener: (error: Error | null, reply: unknown) => void) => {
            const reply = answer(name);
            const result: [Error | null, unknown] =
              reply instanceof Error ? [reply, undefined] : [null, reply];
            answers.push(result);
            listener(...result);
          },
          exec: async () => results(answers),
        };
      },
    } as unknown as Ioredis;
  }

  test.each(places)("gives an error reply in its place: %i", async (place) => {
    const transmission = new FakeTransmission();
    const adapter = new IoredisAdapter(
      redis((name) => (name === names[place] ? refused : Buffer.from(name))),
    );
    const expected = names.map((name, at) => (at === place ? refused : Buffer.from(name)));
    expect(await adapter.send(commands, transmission)).toEqual(expected);
    expect(transmission.answers).toEqual([...expected.entries()]);
  });

  test.each(places)("throws what went wrong with the connection under command %i", async (place) => {
    const transmission = new FakeTransmission();
    const adapter = new IoredisAdapter(redis((name) => (name === names[place] ? lost : Buffer.from(name))));
    await expect(adapter.send(commands, transmission)).rejects.toBe(lost);
    expect(transmission.answers.map(([index]) => index)).not.toContain(place);
  });

  test("tells each answer of a cluster by its place, although each command goes by itself", async () => {
    const transmission = new FakeTransmission();
    const cluster = { ...redis((name) => (name === "b" ? refused : Buffer.from(name))), isCluster: true };
    const expected = [Buffer.from("a"), refused, Buffer.from("c")];
    expect(await new IoredisAdapter(cluster).send(commands, transmission)).toEqual(expected);
    expect(transmission.answers).toEqual([...expected.entries()]);
  });

  test.each([null, []])("throws when there are not as many answers as commands: %j", async (results) => {
    const adapter = new IoredisAdapter(
      redis(
        (name) => name,
        () => results,
      ),
    );
    await expect(adapter.send(commands, new FakeTransmission())).rejects.toThrow(
      "another number of commands",
    );
  });
});

test("connecting again is tried for ever, at least every few seconds", () => {
  for (let retries = 0; retries < 10_000; retries++) {
    const wait = backoff(retries);
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThan(3_000);
  }
});

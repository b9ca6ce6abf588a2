import { Redis } from "ioredis";
import { fromIoredis } from "langgraph-redis/ioredis";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ClientAdapter, Transmission } from "../../src/redis/client-adapter.js";
import type { Command, Reply } from "../../src/redis/command.js";
import { createConnection } from "../../src/redis/connection.js";
import { Lane } from "../../src/redis/lane.js";
import { RetryingConnection } from "../../src/redis/retrying-connection.js";
import { connect, plainRedisUrl } from "../helpers/redis.js";

async function openIoredis(): Promise<Redis> {
  const redis = new Redis(plainRedisUrl());
  onTestFinished(() => redis.disconnect());
  await redis.ping();
  return redis;
}

const command = (key: string): Command => ({ key, args: ["PING"] });

/** A server for each key, which answers one command after the other, each after some milliseconds or never. */
class Servers implements ClientAdapter {
  readonly unusable = undefined;
  readonly #lanes = new Map<string, { lane: Lane; last: Promise<unknown> }>();

  constructor(private readonly answer: (command: Command) => Promise<Reply | Error>) {}

  laneOf({ key }: Command): Lane {
    return this.#queue(key).lane;
  }

  send(commands: readonly Command[], transmission: Transmission): Promise<(Reply | Error)[]> {
    return Promise.all(
      commands.map((sent, index) => {
        const queue = this.#queue(sent.key);
        const reply = queue.last.then(() => this.answer(sent));
        queue.last = reply;
        return reply.then((answer) => {
          transmission.answered(index, answer);
          return answer;
        });
      }),
    );
  }

  #queue(key: string) {
    const queue = this.#lanes.get(key) ?? { lane: new Lane(), last: Promise.resolve() };
    this.#lanes.set(key, queue);
    return queue;
  }
}

const after = (milliseconds: number) => new Promise<Reply>((resolve) => setTimeout(resolve, milliseconds, 1));
const never = () => new Promise<Reply>(() => {});

test("pipeline waits behind others for as long as they are answered", async () => {
  const connection = new RetryingConnection(new Servers(() => after(20)), 150);
  const pipelines = Array.from({ length: 25 }, () => connection.pipeline([command("a")]));
  expect(await Promise.all(pipelines)).toEqual(pipelines.map(() => [1]));
});

test("pipeline of many commands takes as long as it is being answered", async () => {
  const connection = new RetryingConnection(new Servers(() => after(20)), 150);
  expect(await connection.pipeline(Array.from({ length: 25 }, () => command("a")))).toHaveLength(25);
});

test("pipeline fails when its server stops answering, however many are answered by others", async () => {
  const connection = new RetryingConnection(
    new Servers(({ key }) => (key === "dead" ? never() : after(5))),
    100,
  );
  let stopped = false;
  let answered = 0;
  const others = (async () => {
    while (!stopped) answered += (await connection.pipeline([command("a")])).length;
  })();
  await expect(connection.pipeline([command("dead")])).rejects.toThrow("no answer within 100 ms");
  await expect(connection.pipeline([command("a"), command("dead")])).rejects.toThrow("no answer within");
  stopped = true;
  await others;
  expect(answered).toBeGreaterThan(5);
});

test("pipelines behind each other fail together when the server stops answering", async () => {
  let answers = 0;
  const connection = new RetryingConnection(new Servers(() => (++answers <= 5 ? after(10) : never())), 100);
  const settled = await Promise.allSettled(
    Array.from({ length: 20 }, () => connection.pipeline([command("a")])),
  );
  const failed = settled.filter(({ status }) => status === "rejected");
  expect(failed).toHaveLength(15);
});

test("pipeline that is always refused fails with the refusal, although others are answered", async () => {
  const refusal = new Error("TRYAGAIN Multiple keys request during rehashing of slot");
  let refused = 0;
  const connection = new RetryingConnection(
    new Servers(async ({ args }) => {
      await after(2);
      return args[0] === "REFUSED" ? refusal : refused++;
    }),
    100,
  );
  let stopped = false;
  const others = (async () => {
    while (!stopped) await connection.pipeline([command("a")]);
  })();
  expect(await connection.pipeline([{ key: "a", args: ["REFUSED"] }])).toEqual([refusal]);
  stopped = true;
  await others;
});

test("pipeline fails when a connection of its own is dead, whatever the others are answered", async () => {
  const lane = new Lane();
  const adapter: ClientAdapter = {
    unusable: undefined,
    laneOf: () => lane,
    send: async ([sent], transmission) => {
      if (sent?.key !== "dead") return [await after(5)];
      transmission.useOwnLane();
      return [await never()];
    },
  };
  const answers = setInterval(() => lane.answers++, 5);
  await expect(new RetryingConnection(adapter, 100).pipeline([command("dead")])).rejects.toThrow("no answer");
  clearInterval(answers);
});

/** A pool of one connection: each pipeline waits behind others for it, and then has it to itself. */
class OneAtATime implements ClientAdapter {
  readonly unusable = undefined;
  readonly lane = new Lane();

  constructor(private readonly attempts: ((transmission: Transmission) => Promise<(Reply | Error)[]>)[]) {}

  laneOf(): Lane {
    return this.lane;
  }

  send(_: readonly Command[], transmission: Transmission): Promise<(Reply | Error)[]> {
    return (this.attempts.shift() ?? never)(transmission) as Promise<(Reply | Error)[]>;
  }
}

test("pipeline of many commands over a connection of its own takes as long as it is being answered", async () => {
  const commands = Array.from({ length: 25 }, () => command("a"));
  const adapter = new OneAtATime([
    async (transmission) => {
      transmission.useOwnLane();
      for (const index of commands.keys()) transmission.answered(index, await after(20));
      return commands.map(() => 1);
    },
  ]);
  expect(await new RetryingConnection(adapter, 150).pipeline(commands)).toHaveLength(25);
});

test("pipeline whose own connection broke waits behind others for the next one", async () => {
  const adapter: OneAtATime = new OneAtATime([
    async (transmission) => {
      transmission.useOwnLane();
      throw new Error("read ECONNRESET");
    },
    async () => {
      for (let n = 0; n < 25; n++) {
        await after(20);
        adapter.lane.answers++;
      }
      return [1];
    },
  ]);
  expect(await new RetryingConnection(adapter, 150).pipeline([command("a")])).toEqual([1]);
});

test("pipeline fails without an answer also when the connection has been idle before", async () => {
  let dead = false;
  const connection = new RetryingConnection(new Servers(() => (dead ? never() : after(5))), 100);
  for (let n = 0; n < 2; n++) expect(await connection.pipeline([command("a")])).toEqual([1]);
  dead = true;
  await expect(connection.pipeline([command("a")])).rejects.toThrow("no answer within 100 ms");
});

describe("a process that is busy for longer than the time-out", () => {
  const busy = (milliseconds: number) => {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
  };

  test("reads the answers that have arrived before any pipeline fails", async () => {
    const connection = new RetryingConnection(
      new Servers(() => new Promise((resolve) => setImmediate(resolve, 1))),
      50,
    );
    for (let n = 0; n < 3; n++) {
      const pipelines = [connection.pipeline([command("a")]), connection.pipeline([command("a")])];
      busy(120);
      expect(await Promise.all(pipelines)).toEqual([[1], [1]]);
    }
  });

  test("reads them from its sockets, too", async () => {
    const clients = [await connect(plainRedisUrl()), fromIoredis(await openIoredis())];
    for (const client of clients) {
      const connection = createConnection(client, 50);
      for (let n = 0; n < 3; n++) {
        const pipelines = [connection.pipeline([command("a")]), connection.pipeline([command("a")])];
        await new Promise(setImmediate); // it is sent
        busy(200);
        expect((await Promise.all(pipelines)).map(String)).toEqual(["PONG", "PONG"]);
      }
    }
  });
});

test("close gives up where there is no time-out and no answer", async () => {
  const connection = new RetryingConnection(new Servers(never), Number.POSITIVE_INFINITY);
  void connection.pipeline([command("a")]);
  await connection.close(20);
  await expect(connection.pipeline([command("a")])).rejects.toThrow("closed by end() or stop()");
});

test("close waits for an answer that takes 400 ms", async () => {
  const connection = new RetryingConnection(new Servers(() => after(400)), 10_000);
  const pipeline = connection.pipeline([command("a")]);
  let answered = false;
  void pipeline.then(() => {
    answered = true;
  });
  await connection.close(5_000);
  expect(answered).toBe(true);
});

test.each([50, Number.POSITIVE_INFINITY])(
  "close waits for a slow answer, with a time-out of %s",
  async (timeout) => {
    const connection = new RetryingConnection(new Servers(() => after(10)), timeout);
    const pipelines = Array.from({ length: 40 }, () => connection.pipeline([command("a")]));
    await connection.close(5_000);
    expect(await Promise.all(pipelines)).toHaveLength(40);
  },
);

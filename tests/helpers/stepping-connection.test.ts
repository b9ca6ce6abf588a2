import { expect, test } from "vitest";
import { Script } from "../../src/redis/script.js";
import { connect, freshPrefix } from "./redis.js";
import { atEveryGap, SteppingConnection } from "./stepping-connection.js";

async function counter() {
  const client = await connect();
  const key = freshPrefix();
  const connection = new SteppingConnection(client);
  const command = (...args: string[]) => ({ key, args: [args[0] as string, key, ...args.slice(1)] });
  return { client, key, connection, command };
}

test("before does its work between two commands of one pipeline, once", async () => {
  const { client, key, connection, command } = await counter();
  connection.before("GET", () => client.incrBy(key, 10));
  const get = command("GET");
  expect(await connection.pipeline([command("INCR"), get, command("INCR"), get])).toEqual([
    1,
    Buffer.from("11"),
    12,
    Buffer.from("12"),
  ]);
  expect(connection.sent).toEqual(["INCR", "GET", "INCR", "GET"]);
});

test("before takes the number of a command, counted over pipelines, or a script", async () => {
  const { client, key, connection, command } = await counter();
  const script = new Script("return redis.call('GET', KEYS[1])");
  connection.before(2, () => client.incrBy(key, 10));
  connection.before(script, () => client.incrBy(key, 100));
  await connection.pipeline([command("INCR"), command("INCR")]);
  const [third] = await connection.pipeline([command("INCR")]);
  const evaluated = { key, args: ["EVAL", script.source, "1", key] };
  expect([third, ...(await connection.pipeline([evaluated]))]).toEqual([13, Buffer.from("113")]);
});

test("before lets the work itself use the connection", async () => {
  const { connection, command } = await counter();
  connection.before("INCR", () => connection.pipeline([command("INCR")]));
  expect(await connection.pipeline([command("INCR")])).toEqual([2]);
  expect(connection.sent).toEqual(["INCR"]);
});

test("atEveryGap does the work before each command and after the last", async () => {
  const gaps: string[] = [];
  await atEveryGap(async () => {
    const { client, key, connection, command } = await counter();
    return {
      connection,
      operation: async () => {
        const [first] = await connection.pipeline([command("INCR"), command("INCR")]);
        return [first, ...(await connection.pipeline([command("INCR")]))];
      },
      work: () => client.incrBy(key, 10),
      check: async (gap, outcome) => {
        gaps.push(`${gap}: ${(outcome as PromiseFulfilledResult<unknown>).value}, ${await client.get(key)}`);
      },
    };
  });
  expect(gaps).toEqual([
    "before command 0 of INCR, INCR, INCR: 11,13, 13",
    "before command 1 of INCR, INCR, INCR: 1,13, 13",
    "before command 2 of INCR, INCR, INCR: 1,13, 13",
    "after INCR, INCR, INCR: 1,3, 13",
  ]);
});

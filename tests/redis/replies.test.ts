import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ClientAdapter } from "../../src/redis/client-adapter.js";
import type { Command, Connection, Reply } from "../../src/redis/command.js";
import { Lane } from "../../src/redis/lane.js";
import { RetryingConnection } from "../../src/redis/retrying-connection.js";
import { executeAll, type PipelineEntry, Script } from "../../src/redis/script.js";

const names = ["a", "b", "c"];
const commands: Command[] = names.map((name) => ({ key: "k", args: [name] }));
const places = [
  ["first", 0],
  ["middle", 1],
  ["last", 2],
] as const;

const lane = new Lane();
const passing = new Error("LOADING Redis is loading the dataset in memory");
const staying = new Error("OOM command not allowed");

/** Each command is answered with its name, but for those that the test decides about. */
function adapter(answer: (name: string, attempt: number) => Reply | Error | undefined): ClientAdapter {
  let attempt = 0;
  return {
    unusable: undefined,
    laneOf: () => lane,
    send: async (sent, transmission) => {
      const n = attempt++;
      return sent.map(({ args }, index) => {
        const name = String(args[0]);
        const reply = answer(name, n) ?? name;
        transmission.answered(index, reply);
        return reply;
      });
    },
  };
}

describe.each(places)("an error in the %s place of a pipeline", (_, place) => {
  const struck = names[place] as string;
  const expected = (error: Error) => names.map((name) => (name === struck ? error : name));

  test("is the reply in that place, when it is one that stays", async () => {
    const connection = new RetryingConnection(
      adapter((name) => (name === struck ? staying : undefined)),
      5_000,
    );
    expect(await connection.pipeline(commands)).toEqual(expected(staying));
  });

  test("is the reply in that place, when it should pass and does not", async () => {
    const connection = new RetryingConnection(
      adapter((name) => (name === struck ? passing : undefined)),
      100,
    );
    expect(await connection.pipeline(commands)).toEqual(expected(passing));
  });

  test.each([1, 2, 3])("is not seen, when it passes after %i attempts", async (attempts) => {
    const connection = new RetryingConnection(
      adapter((name, attempt) => (name === struck && attempt < attempts ? passing : undefined)),
      5_000,
    );
    expect(await connection.pipeline(commands)).toEqual(names);
  });

  test("of an attempt whose connection is lost is not seen", async () => {
    const connection = new RetryingConnection(
      adapter((name, attempt) => {
        if (attempt === 1) throw new Error("Socket closed unexpectedly");
        return name === struck && attempt < 3 ? passing : undefined;
      }),
      5_000,
    );
    expect(await connection.pipeline(commands)).toEqual(names);
  });

  test.each([staying, new Error("NOSCRIPT No matching script")])(
    "is the reply in that place of a pipeline of scripts: %s",
    async (error) => {
      const scripts = names.map((name) => new Script(`return "${name}"`));
      // As a server that knows no script, and cannot run one of them.
      const connection: Connection = {
        pipeline: async (sent) =>
          sent.map(({ args: [verb, body] }) => {
            if (verb === "EVALSHA") return new Error("NOSCRIPT No matching script. Please use EVAL.");
            return body === scripts[place]?.source ? error : (/"(.)"/.exec(String(body))?.[1] ?? null);
          }),
      };
      const entries = scripts.map((script) => script.call(["k"], []));
      expect(await executeAll(connection, entries)).toEqual(expected(error));
    },
  );

  test("is the reply in that place, when only that script is unknown", async () => {
    const known = (name: string): PipelineEntry => ({ key: "k", args: ["ECHO", name] });
    const script = new Script(`return "${struck}"`);
    const entries = names.map((name) => (name === struck ? script.call(["k"], []) : known(name)));
    const sent: number[] = [];
    const connection: Connection = {
      pipeline: async (all) => {
        sent.push(all.length);
        return all.map(({ args: [verb, body] }) =>
          verb === "EVALSHA"
            ? new Error("NOSCRIPT No matching script")
            : verb === "EVAL"
              ? struck
              : String(body),
        );
      },
    };
    expect(await executeAll(connection, entries)).toEqual(names);
    // What stands before it is not done again.
    expect(sent).toEqual([3, 3 - place]);
  });
});

test("each reply stands in the place of its command, whatever goes wrong how often", async () => {
  const event = fc.constantFrom("ok", "passing", "staying", "lost");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(event, { minLength: 4, maxLength: 4 }), { maxLength: 3 }),
      async (attempts) => {
        const four = ["a", "b", "c", "d"];
        const connection = new RetryingConnection(
          adapter((name, attempt) => {
            const happens = attempts[attempt]?.[four.indexOf(name)];
            if (happens === "lost") throw new Error("read ECONNRESET");
            if (happens === "passing") return new Error(`TRYAGAIN ${name}`);
            if (happens === "staying") return new Error(`OOM ${name}`);
            return undefined;
          }),
          5_000,
        );
        const replies = await connection.pipeline(four.map((name) => ({ key: "k", args: [name] })));
        expect(replies.map((reply) => (reply instanceof Error ? reply.message.slice(-1) : reply))).toEqual(
          four,
        );
        for (const reply of replies) expect(String(reply)).not.toContain("TRYAGAIN");
      },
    ),
    { numRuns: 60 },
  );
});

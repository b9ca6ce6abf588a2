import { RedisSaver } from "langgraph-redis";
import { percentile, ratio, timeInTurns } from "../measure.js";
import type { Part } from "../part.js";
import { milliseconds, table, times } from "../report.js";
import { withServer } from "../server.js";
import { checkpointOf, configOf, conversation, metadataOf } from "./data.js";

const ROUNDS = 400;

/** Reading a state that this client has seen before, and the plainest way to read as much. */
export const getTuple: Part = {
  name: "reads",
  measure: () =>
    withServer(async ({ client, keyPrefix }) => {
      const saver = new RedisSaver({ client, keyPrefix });
      const messages = conversation(100, 1_000);
      const config = configOf("t");
      await saver.put(config, checkpointOf({ messages }, 1), metadataOf(), { messages: 1 });
      await client.set("state", JSON.stringify({ messages }));
      const measured = await timeInTurns(
        {
          getTuple: () => saver.getTuple(config),
          fresh: () => new RedisSaver({ client, keyPrefix }).getTuple(config),
          floor: async () => JSON.parse((await client.get("state")) as string),
        },
        ROUNDS,
      );
      const row = (name: string, key: keyof typeof measured) => [
        name,
        milliseconds(percentile(measured[key], 50)),
        times(ratio(measured[key], measured.floor)),
      ];
      return {
        goals: [
          {
            what: "getTuple ÷ GET and JSON.parse, 100 messages of 1 kB, warm",
            measured: ratio(measured.getTuple, measured.floor),
            bound: { atMost: 1.5 },
            show: times,
          },
        ],
        section: [
          "## Reading a state",
          "A state of 100 messages of 1 kB, read by a saver that has read it before and by one that knows nothing; the floor is " +
            "`GET` and `JSON.parse` of the same state, which makes no messages of it.",
          table([
            ["", "p50 ms", "÷ floor"],
            row("`GET` and `JSON.parse`", "floor"),
            row("`getTuple`", "getTuple"),
            row("`getTuple` of a fresh saver", "fresh"),
          ]),
        ].join("\n\n"),
      };
    }),
};

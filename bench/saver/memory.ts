import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { RedisSaver } from "langgraph-redis";
import type { Part } from "../part.js";
import { bytes, table, times } from "../report.js";
import { memoryOf, withServer } from "../server.js";
import { configOf, twoStepGraph } from "./data.js";
import { English } from "./english.js";

const TURNS = 200;
const GOALS = { all: 2.5, latest: 1.2 };

interface MemoryFigures {
  readonly memory: number;
  readonly json: number;
}

/** A chat as people have it: three messages a turn, of which none is given an id. */
async function measureChat(history: "all" | "latest"): Promise<MemoryFigures> {
  return withServer(async ({ client, keyPrefix }) => {
    const english = new English(1);
    const text = () => english.text(200, 500);
    const graph = twoStepGraph(new RedisSaver({ client, keyPrefix, history }), () => new AIMessage(text()));
    let json = 0;
    for (let turn = 0; turn < TURNS; turn++) {
      const { messages } = await graph.invoke({ messages: [new HumanMessage(text())] }, configOf("chat"));
      if (turn === TURNS - 1) json = Buffer.byteLength(JSON.stringify(messages));
    }
    return { memory: await memoryOf(client), json };
  });
}

export const memory: Part = {
  name: "memory",
  async measure() {
    const figures = { all: await measureChat("all"), latest: await measureChat("latest") };
    const kinds = ["all", "latest"] as const;
    return {
      goals: kinds.map((history) => ({
        what: `Redis memory of a real chat ÷ its messages as JSON, history "${history}"`,
        measured: figures[history].memory / figures[history].json,
        bound: { atMost: GOALS[history] },
        show: times,
      })),
      section: [
        "## Memory of a chat",
        `${TURNS} turns with two model steps each: ${TURNS * 3} messages of 200 to 500 characters of English text, without ids ` +
          "of their own. Memory is that of all keys, indexes over threads included.",
        table([
          ["history", "messages as JSON", "Redis memory", "ratio"],
          ...kinds.map((history) => {
            const { memory: size, json } = figures[history];
            return [history, bytes(json), bytes(size), times(size / json)];
          }),
        ]),
      ].join("\n\n"),
    };
  },
};

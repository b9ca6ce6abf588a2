import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { createHandoffTool, createSwarm } from "@langchain/langgraph-swarm";
import type { Scenario } from "../scenario.js";
import { ScriptedModel } from "../scripted-model.js";

const greeting = (name: string) => ({ [`Successfully transferred to ${name}`]: `${name} is here` });

export const swarm: Scenario = {
  name: "a swarm remembers which agent is active",
  agent({ checkpointer, store }) {
    const alice = createReactAgent({
      name: "alice",
      llm: new ScriptedModel({ "I want bob": [["transfer_to_bob", {}]], ...greeting("alice") }),
      tools: [createHandoffTool({ agentName: "bob" })],
    });
    const bob = createReactAgent({
      name: "bob",
      llm: new ScriptedModel({ "I want alice": [["transfer_to_alice", {}]], ...greeting("bob") }),
      tools: [createHandoffTool({ agentName: "alice" })],
    });
    return createSwarm({ agents: [alice, bob], defaultActiveAgent: "alice" }).compile({
      checkpointer,
      store,
    });
  },
  phases: [
    {
      async run(session) {
        await session.say("hello");
        await session.say("I want bob");
        return (await session.state()).values.activeAgent;
      },
      result: "bob",
    },
    {
      async run(session) {
        await session.say("who is there?");
        await session.say("I want alice");
        return (await session.state()).values.activeAgent;
      },
      result: "alice",
    },
    {
      run: (session) => session.say("and now?"),
      result: [
        "hello",
        "1 messages, the last one: hello",
        "I want bob",
        "transfer_to_bob",
        "Successfully transferred to bob",
        "bob is here",
        "who is there?",
        "7 messages, the last one: who is there?",
        "I want alice",
        "transfer_to_alice",
        "Successfully transferred to alice",
        "alice is here",
        "and now?",
        "13 messages, the last one: and now?",
      ],
    },
  ],
};

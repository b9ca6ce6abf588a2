import { createAgent, humanInTheLoopMiddleware, tool } from "langchain";
import { z } from "zod";
import type { Persistence, Scenario } from "../scenario.js";
import { ScriptedModel } from "../scripted-model.js";
import { on } from "../session.js";

const deleteReport = tool(({ id }) => `report ${id} is deleted`, {
  name: "delete_report",
  description: "Deletes a report.",
  schema: z.object({ id: z.number() }),
});

export function approvingAgent({ checkpointer, store }: Persistence) {
  const model = new ScriptedModel({
    "delete report 7": [["delete_report", { id: 7 }]],
    "delete reports 1 and 2": [
      ["delete_report", { id: 1 }],
      ["delete_report", { id: 2 }],
    ],
  });
  const middleware = [humanInTheLoopMiddleware({ interruptOn: { delete_report: true } })];
  return createAgent({ model, tools: [deleteReport], middleware, checkpointer, store });
}

const decided = (outcome: string) => [
  "delete report 7",
  "delete_report",
  outcome,
  `3 messages, the last one: ${outcome}`,
];

export const approval: Scenario = {
  name: "tool calls are approved, edited and rejected",
  threads: ["approve", "edit", "reject", "both"],
  agent: approvingAgent,
  phases: [
    {
      async run(session) {
        for (const thread of ["approve", "edit", "reject"]) await session.say("delete report 7", thread);
        await session.say("delete reports 1 and 2", "both");
        return (await session.questions("both")).map(({ value }) => value);
      },
      result: [
        {
          actionRequests: [1, 2].map((id) => ({
            name: "delete_report",
            args: { id },
            description: `Tool execution requires approval\n\nTool: delete_report\nArgs: ${JSON.stringify({ id }, null, 2)}`,
          })),
          reviewConfigs: [1, 2].map(() => ({
            actionName: "delete_report",
            allowedDecisions: ["approve", "edit", "reject"],
          })),
        },
      ],
    },
    {
      async run(session) {
        const editedAction = { name: "delete_report", args: { id: 8 } };
        return [
          await session.resume({ decisions: [{ type: "approve" }] }, on("approve")),
          await session.resume({ decisions: [{ type: "edit", editedAction }] }, on("edit")),
          await session.resume({ decisions: [{ type: "reject", message: "keep it" }] }, on("reject")),
          await session.resume(
            { decisions: [{ type: "approve" }, { type: "reject", message: "keep it" }] },
            on("both"),
          ),
        ];
      },
      result: [
        decided("report 7 is deleted"),
        decided("report 8 is deleted"),
        decided("keep it"),
        [
          "delete reports 1 and 2",
          "delete_report", // langchain drops the calls beside a rejected one, and asks the model again
          "keep it",
          "3 messages, the last one: keep it",
        ],
      ],
    },
    {
      async run(session) {
        return [
          await session.resume({ decisions: [{ type: "approve" }] }, on("approve")),
          await session.say("delete report 7", "edit"),
          await session.say("thank you", "reject"),
        ];
      },
      result: [
        decided("report 7 is deleted"),
        [...decided("report 8 is deleted"), "delete report 7", "delete_report"],
        [...decided("keep it"), "thank you", "5 messages, the last one: thank you"],
      ],
    },
  ],
};

const deleted = [
  "hello",
  "1 messages, the last one: hello",
  "delete report 7",
  "delete_report",
  "report 7 is deleted",
  "5 messages, the last one: report 7 is deleted",
];

export const doubleClick: Scenario = {
  name: "a question is answered twice, by the checkpoint that asked it",
  looksBack: true,
  agent: approvingAgent,
  phases: [
    {
      async run(session) {
        await session.say("hello");
        await session.say("delete report 7");
        return (await session.questions()).length;
      },
      result: 1,
    },
    {
      async run(session) {
        const { config } = await session.state();
        return session.resume({ decisions: [{ type: "approve" }] }, config);
      },
      result: deleted,
    },
    {
      async run(session) {
        const asked = (await session.history()).find(({ next }) => next[0]?.includes("HumanInTheLoop"));
        return session.resume({ decisions: [{ type: "approve" }] }, asked?.config);
      },
      result: deleted,
    },
    {
      async run(session) {
        return session.say("and now?");
      },
      result: [...deleted, "and now?", "7 messages, the last one: and now?"],
    },
  ],
};

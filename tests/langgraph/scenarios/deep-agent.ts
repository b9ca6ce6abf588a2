import { createDeepAgent, StoreBackend } from "deepagents";
import { todoListMiddleware, tool } from "langchain";
import { z } from "zod";
import type { Persistence, Scenario } from "../scenario.js";
import { ScriptedModel } from "../scripted-model.js";
import { on, type Session } from "../session.js";

const send = tool(({ to }) => `sent to ${to}`, {
  name: "send",
  description: "Sends the report.",
  schema: z.object({ to: z.string() }),
});

const file_path = "/report.md";
const found = (line: string) => `@@ lines 1-2 of 2 @@\n# Owls\n${line}`;

function reportingAgent({ checkpointer, store }: Persistence) {
  const reviewer = new ScriptedModel({
    "review the report": [["read_file", { file_path }]],
    [found("They see at night.")]: [["edit_file", { file_path, old_string: "see", new_string: "hear" }]],
  });
  const model = new ScriptedModel({
    "write a report": [
      ["write_todos", { todos: [{ content: "write", status: "in_progress" }] }],
      ["write_file", { file_path, content: "# Owls\nThey see at night.\n" }],
    ],
    "have it reviewed and sent": [
      ["task", { description: "review the report", subagent_type: "reviewer" }],
      ["send", { to: "ada" }],
    ],
    "what is in the report?": [
      ["ls", { path: "/" }],
      ["read_file", { file_path }],
      ["grep", { pattern: "night" }],
    ],
  });
  return createDeepAgent({
    model,
    tools: [send],
    subagents: [
      {
        name: "reviewer",
        description: "Reviews.",
        systemPrompt: "Review.",
        model: reviewer,
        interruptOn: { edit_file: true },
      },
    ],
    middleware: [todoListMiddleware()],
    interruptOn: { send: true },
    backend: new StoreBackend({ namespace: ["files"] }),
    checkpointer,
    store,
  });
}

export const deepAgent: Scenario = {
  name: "a deep agent and its sub-agent ask, and keep their files in the store",
  threads: ["first", "second"],
  agent: reportingAgent,
  phases: [
    {
      async run(session) {
        await session.say("write a report", "first");
        await session.say("have it reviewed and sent", "first");
        return asked(session);
      },
      result: ["send"],
    },
    {
      async run(session) {
        await session.resume({ decisions: [{ type: "approve" }] }, on("first"));
        return asked(session);
      },
      result: ["edit_file"],
    },
    {
      run: (session) => session.resume({ decisions: [{ type: "approve" }] }, on("first")),
      result: [
        "write a report",
        "write_todos,write_file",
        'Updated todo list to [{"content":"write","status":"in_progress"}]',
        "Successfully wrote to '/report.md'",
        "5 messages, the last one: Successfully wrote to '/report.md'",
        "have it reviewed and sent",
        "task,send",
        "6 messages, the last one: Successfully replaced 1 occurrence(s) in '/report.md'",
        "sent to ada",
        "10 messages, the last one: sent to ada",
      ],
    },
    {
      run: (session) => session.say("what is in the report?", "second"),
      result: [
        "what is in the report?",
        "ls,read_file,grep",
        "/report.md (27 bytes)",
        found("They hear at night."),
        "/report.md:\n  2: They hear at night.",
        "6 messages, the last one: /report.md:\n  2: They hear at night.",
      ],
    },
  ],
};

/** The tools that wait for approval. */
async function asked(session: Session): Promise<string[]> {
  const questions = await session.questions("first");
  const requests = questions.map(({ value }) => value as { actionRequests: { name: string }[] });
  return requests.flatMap(({ actionRequests }) => actionRequests.map(({ name }) => name));
}

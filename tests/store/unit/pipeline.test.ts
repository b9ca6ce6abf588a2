import { expect, test } from "vitest";
import type { Command, Connection, Reply } from "../../../src/redis/command.js";
import { type PipelineTask, runTasks, send, together } from "../../../src/store/pipeline.js";

/** Answers each command with its name, and notes what went out together. */
function echo(): Connection & { rounds: string[][] } {
  const rounds: string[][] = [];
  return {
    rounds,
    pipeline: async (commands: readonly Command[]) => {
      rounds.push(commands.map(({ args }) => String(args[0])));
      return commands.map(({ args }): Reply | Error =>
        args[0] === "FAIL" ? new Error("refused") : `${String(args[0])}!`,
      );
    },
  };
}

function* ask(...names: string[]): PipelineTask<string> {
  const answers: string[] = [];
  for (const name of names) answers.push(String(yield* send({ key: name, args: [name] })));
  return answers.join(" ");
}

test("plans share each round, in their order", async () => {
  const connection = echo();
  const outcomes = await runTasks(connection, [ask("A1", "A2", "A3"), ask(), ask("B1"), ask("C1", "C2")]);
  expect(connection.rounds).toEqual([["A1", "B1", "C1"], ["A2", "C2"], ["A3"]]);
  expect(outcomes).toEqual(["A1! A2! A3!", "", "B1!", "C1! C2!"].map((value) => ({ ok: true, value })));
});

test("a plan that fails leaves the others alone", async () => {
  const outcomes = await runTasks(echo(), [ask("A1", "FAIL", "A3"), ask("B1", "B2", "B3")]);
  expect(outcomes).toMatchObject([
    { ok: false, error: { message: "refused" } },
    { ok: true, value: "B1! B2! B3!" },
  ]);
});

test("a connection that fails fails every plan that was waiting", async () => {
  const connection = echo();
  connection.pipeline = async () => {
    throw new Error("lost");
  };
  function* stubborn(): PipelineTask<string> {
    try {
      return yield* ask("X");
    } catch {
      return "done anyway";
    }
  }
  expect(await runTasks(connection, [ask("A"), stubborn(), ask()])).toMatchObject([
    { ok: false, error: { message: "lost" } },
    { ok: true, value: "done anyway" },
    { ok: true, value: "" },
  ]);
});

test("plans within a plan share its rounds", async () => {
  const connection = echo();
  const [outcome] = await runTasks(connection, [together([ask("A1", "A2"), ask(), ask("B1")])]);
  expect(connection.rounds).toEqual([["A1", "B1"], ["A2"]]);
  expect(outcome).toEqual({ ok: true, value: ["A1! A2!", "", "B1!"] });
});

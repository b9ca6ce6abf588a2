import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { bundleProgram } from "../helpers/bundle-program.js";
import { redisUrl } from "../helpers/redis.js";
import { cliOn, idOf, inspecting, save } from "./helpers.js";

// What depends on a process of its own.

let program: string;
beforeAll(async () => {
  const home = fileURLToPath(new URL("../../cli", import.meta.url));
  const bundle = await bundleProgram(new URL("../../cli/src/main.ts", import.meta.url), "cli", home);
  program = bundle.program;
  return () => rm(bundle.directory, { recursive: true, force: true });
});

const env = () => ({ ...process.env, REDIS_URL: redisUrl(), NO_COLOR: undefined, FORCE_COLOR: undefined });

test("exit codes and output are those of a program", async () => {
  const { keyPrefix } = await inspecting();
  const run = promisify(execFile);
  const listed = await run(process.execPath, [program, "threads", "--prefix", keyPrefix], { env: env() });
  expect(listed).toMatchObject({ stdout: "No threads.\n", stderr: "" });
  const failed = await run(process.execPath, [program, "thread", "none", "--prefix", keyPrefix], {
    env: env(),
  }).catch((error) => error);
  expect(failed).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("no thread") });
  const wrong = await run(process.execPath, [program, "--nonsense"], { env: env() }).catch((error) => error);
  expect(wrong.code).toBe(2);
});

test("a reader that has seen enough, such as head, is no error", async () => {
  const { saver, keyPrefix } = await inspecting();
  const values = { text: "x".repeat(400_000) };
  for (let n = 1; n <= 3; n++) await save(saver, "t", { n, values });
  const child = spawn(process.execPath, [program, "export", "--all", "--prefix", keyPrefix], { env: env() });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdout.once("data", () => child.stdout.destroy());
  const [code] = await once(child, "exit");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("Ctrl-C ends watch, and what was shown stays", async () => {
  const { saver, keyPrefix } = await inspecting();
  await save(saver, "t", { n: 1 });
  const argv = [program, "watch", "t", "--json", "--interval", "50", "--prefix", keyPrefix];
  const child = spawn(process.execPath, argv, { env: env() });
  let stdout = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
    child.kill("SIGINT");
  });
  // It tells what comes after it has begun, which nobody knows when it is.
  const writing = (async () => {
    for (let n = 2; stdout === "" && child.exitCode === null; n++) {
      await save(saver, "t", { n, parent: n - 1 });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  const [code] = await once(child, "exit");
  await writing;
  expect(code).toBe(130);
  expect(JSON.parse(stdout.split("\n")[0] as string)).toMatchObject({ ns: "" });
});

test("on a terminal a command asks before it changes something", async () => {
  const context = await inspecting();
  await save(context.saver, "t", { n: 1 });
  const answer = (text: string) =>
    cliOn(context)(["delete", "t"], { isTTY: true, answer: text, env: { NO_COLOR: "1" } });
  const no = await answer("n");
  expect(no).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("not confirmed: nothing was changed"),
  });
  expect(no.stdout).toContain("Deletes 1 thread, 1 checkpoint");
  expect(no.stdout).toContain("Go on?");
  expect((await context.saver.getTuple({ configurable: { thread_id: "t" } }))?.checkpoint.id).toBe(idOf(1));
  const yes = await answer("y");
  expect(yes).toMatchObject({ code: 0, stdout: expect.stringContaining("Deleted 1 thread.") });
  expect(await context.saver.threadStats("t")).toBeUndefined();
});

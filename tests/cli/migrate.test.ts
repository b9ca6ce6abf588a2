import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { expect, onTestFinished, test } from "vitest";
import { sqliteProblem } from "../migrate/sources.js";
import { cliOn, inspecting, parsed, save } from "./helpers.js";

const fromSqlite = test.skipIf(sqliteProblem() !== undefined);

async function source() {
  const directory = await mkdtemp(join(tmpdir(), "langgraph-redis-cli-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, "checkpoints.db");
  const saver = SqliteSaver.fromConnString(path);
  onTestFinished(() => void saver.db.close());
  for (const thread of ["a", "b"]) {
    for (let n = 1; n <= 3; n++) await save(saver, thread, { n, parent: n - 1 });
  }
  return { directory, path, saver };
}

fromSqlite("migrate copies the threads of SQLite, says what it would do, and does it once", async () => {
  const { path, saver } = await source();
  const context = await inspecting();
  const run = cliOn(context);
  expect((await run(["migrate", path, "--dry-run"])).stdout).toBe(
    "Would copy 2 threads (6 checkpoints), 0 were there.\n",
  );
  expect(await context.saver.listThreads()).toEqual([]);
  expect(await run(["migrate", path])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("add --yes"),
  });
  const done = await run(["migrate", path, "--verify", "--yes"]);
  expect(done.stderr).toBe("");
  expect(done.stdout).toMatch(
    /^Copies threads from .*checkpoints\.db to redis:.*\nCopied 2 threads \(6 checkpoints\), 0 were there\.\n$/,
  );
  const config = { configurable: { thread_id: "b" } };
  expect((await context.saver.getTuple(config))?.checkpoint).toEqual(
    (await saver.getTuple(config))?.checkpoint,
  );
  const again = parsed(await run(["migrate", path, "--yes", "--json"]));
  expect(again.threads).toMatchObject({ copied: 0, unchanged: 2, errors: [] });
});

fromSqlite("migrate ends with 1 when a thread failed, and names it", async () => {
  const { path } = await source();
  const context = await inspecting();
  await save(context.saver, "a", { n: 2, values: { other: true } });
  const { code, stdout, stderr } = await cliOn(context)(["migrate", path, "--yes"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^thread a: /);
  expect(stdout).toMatch(/Copied 1 thread .*; 1 failed\.\n$/);
});

fromSqlite("migrate refuses a source that is none, without its password", async () => {
  const run = cliOn(await inspecting());
  expect(await run(["migrate", "mongodb://x", "--yes"])).toMatchObject({ code: 2 });
  expect(await run(["migrate", "/nowhere.db", "--yes"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no file"),
  });
  const refused = await run(["migrate", "postgresql://user:hunter2@127.0.0.1:1/db", "--yes"]);
  expect(refused.code).toBe(1);
  expect(refused.stdout + refused.stderr).not.toContain("hunter2");
  const { path, directory } = await source();
  await writeFile(join(directory, "x"), "");
  expect((await run(["migrate", path, "--items", "--yes"])).stderr).toContain("has no store");
});

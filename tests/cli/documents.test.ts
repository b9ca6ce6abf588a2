import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { connect as connectServer } from "../../cli/src/connection.js";
import { type InspectContext, openContext } from "../../cli/src/inspect/index.js";
import { freshPrefix } from "../helpers/redis.js";
import { startServer, type TestServer } from "../helpers/servers/index.js";
import { sqliteProblem } from "../migrate/sources.js";
import { cli, idOf, save } from "./helpers.js";
import { converse, fill, normalized, wordsOf } from "./recorded.js";

const path = fileURLToPath(new URL("../../docs/cli.md", import.meta.url));
const document = readFileSync(path, "utf8");

/** With this the sessions are recorded anew: RECORD=1 npm test -- tests/cli/documents.test.ts */
const records = process.env.RECORD === "1";

let server: TestServer;
let directory: string;
beforeAll(async () => {
  server = await startServer({ own: true, args: ["--save", "3600 1"] });
  directory = mkdtempSync(join(tmpdir(), "langgraph-redis-cli-"));
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await server?.stop();
});

const FILES = ["backup.jsonl", "checkpoints.db"];

test.skipIf(sqliteProblem() !== undefined)("docs/cli.md has what the commands say", async () => {
  const keyPrefix = freshPrefix();
  const connection = await connectServer({ url: server.url }, {});
  onTestFinished(() => connection.close());
  const context = openContext(connection, keyPrefix);
  await fill(context);
  const sqlite = SqliteSaver.fromConnString(join(directory, "checkpoints.db"));
  await converse(sqlite, "conversation-3", "And for dessert?");
  sqlite.db.close();

  const written: string[] = [];
  const recorded: string[] = [];
  let result = document;
  for (const [block, session = ""] of document.matchAll(/^```console\n(.*?)^```$/gms)) {
    let text = "";
    for (const part of session.split(/^\$ /m).slice(1)) {
      const [line = ""] = part.split("\n");
      const output = `$ ${line}\n${await run(context, line)}`;
      written.push(normalized(`$ ${part}`));
      recorded.push(normalized(output));
      text += `${text === "" ? "" : "\n"}${output}`;
    }
    result = result.replace(block, () => `\`\`\`console\n${text}\`\`\``);
  }
  if (records) writeFileSync(path, result);
  else expect(written.join("\n\n")).toBe(recorded.join("\n\n"));
  expect(recorded.length).toBeGreaterThan(20);
});

/** What a command line prints, with the names that stand in the document. */
async function run(context: InspectContext, line: string): Promise<string> {
  const [, ...words] = wordsOf(line);
  const argv = words.map((word) => (FILES.includes(word) ? join(directory, word) : word));
  const env = { REDIS_URL: server.url, LANGGRAPH_REDIS_PREFIX: context.keyPrefix };
  const running = cli(argv, { env, columns: 150 });
  if (argv[0] === "watch") {
    // It tells what comes after it has begun, which nobody knows when it is.
    let isOver = false;
    void running.finally(() => {
      isOver = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    if (!isOver)
      await save(context.saver, "conversation-2", { n: 5, parent: 4, step: 3, values: { budget: 8 } });
  }
  const { stdout, stderr } = await running;
  expect(stderr, line).not.toContain("error:");
  return (stdout + stderr).replaceAll(`${directory}/`, "").replaceAll(context.keyPrefix, "langgraph");
}

test("docs/cli.md names every command, with its options as the help has them", async () => {
  const { stdout } = await cli(["--help"]);
  const commands = [...stdout.matchAll(/^ {2}([a-z]\w+) /gm)].map(([, name]) => name as string);
  expect(commands).toContain("migrate");
  for (const name of commands.filter((each) => each !== "help"))
    expect(document).toMatch(new RegExp(`langgraph-redis ${name}\\b`));
  const options = new Set(document.match(/--[a-z][a-z-]+/g));
  let help = stdout;
  for (const name of commands) help += (await cli([name, "--help"])).stdout;
  for (const option of options)
    if (!["--global", "--no-open"].includes(option)) expect(help).toContain(option);
  expect(idOf(2)).toBe("1f0c5d4e-0002-6f00-8000-000000000000");
});

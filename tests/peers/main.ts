import { type SpawnOptions, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { copySources, root } from "../helpers/working-copy.js";
import { type End, installEnd, SUITES } from "./ends.js";

const USAGE = "Usage: npm run test:peers -- [oldest | newest] [node <version>] [tests/...]";

/** What the command line asks for. */
interface Asked {
  end: End | undefined;
  node: string | undefined;
  /** Folders or files to run, in place of all that is run otherwise. */
  paths: string[];
}

function readArguments(args: readonly string[]): Asked {
  const asked: Asked = { end: undefined, node: undefined, paths: [] };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "oldest" || word === "newest") asked.end = word;
    else if (word === "node" && /^\d+(\.\d+)*$/.test(rest[0] ?? "")) asked.node = rest.shift();
    else if (word.startsWith("tests/")) asked.paths.push(word);
    else throw new Error(USAGE);
  }
  if (!asked.end && !asked.node) throw new Error(USAGE);
  return asked;
}

/** Runs a program, which is killed when it takes longer, and returns what it printed if that is piped. */
function run(program: string, args: readonly string[], seconds: number, options: SpawnOptions = {}) {
  return new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"], ...options });
    const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1_000);
    // Whoever ends this program ends what it started.
    const end = () => child.kill();
    process.once("exit", end);
    let output = "";
    child.stdout?.on("data", (bytes) => {
      output += bytes;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      process.off("exit", end);
      resolve({ code, output });
    });
  });
}

/** The program of another version of Node, which npm has as a package. */
async function nodeOf(version: string): Promise<string> {
  const print = ["-y", `node@${version}`, "-p", "process.execPath"];
  const { code, output } = await run("npx", print, 120, { stdio: ["ignore", "pipe", "inherit"] });
  if (code !== 0) throw new Error(`node@${version} could not be installed`);
  return output.trim();
}

async function main(): Promise<boolean> {
  const { end, node, paths } = readArguments(process.argv.slice(2));
  const scratch = mkdtempSync(join(tmpdir(), "langgraph-redis-peers-"));
  const remove = () => rmSync(scratch, { recursive: true, force: true });
  process.on("exit", remove);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

  const program = node ? await nodeOf(node) : process.execPath;
  // Programs that tests start by name get that version too.
  const env = { ...process.env, PATH: [dirname(program), process.env.PATH].join(delimiter) };
  let cwd = root;
  let versions: string[] = [];
  if (end) {
    cwd = join(scratch, "copy");
    copySources(cwd);
    versions = await installEnd(cwd, end, (program, args, seconds) => run(program, args, seconds, { cwd }));
    console.log(`The ${end} peers: ${versions.join(", ")}`);
  }
  const report = join(scratch, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const vitest = [
    "node_modules/vitest/vitest.mjs",
    "run",
    ...reporters,
    ...(paths.length > 0 || !end ? paths : SUITES[end]),
  ];
  const { code } = await run(program, vitest, 3_000, { cwd, env });

  const { output } = await run(program, ["--version"], 10, { stdio: ["ignore", "pipe", "inherit"] });
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
  const what = [...versions, `Node ${output.trim()}`].join(", ");
  console.log(`${end ?? "installed"} peers (${what}): ${numPassedTests} passed, ${numFailedTests} failed`);
  return code === 0 && numPassedTests > 0;
}

main().then(
  (green) => process.exit(green ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);

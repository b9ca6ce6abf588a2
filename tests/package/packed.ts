import { execFile } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const runFile = promisify(execFile);
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** What a user has beside our package: its peers, at the versions of this repository. */
const PEERS = ["redis", "@langchain/core", "@langchain/langgraph-checkpoint"];

export interface Project {
  directory: string;
  /** Paths inside the tarball. */
  packed: string[];
  /** Writes a file of the project. */
  write(name: string, text: string): void;
  /** Runs Node in the project and returns what it printed. */
  node(...args: string[]): Promise<string>;
  remove(): void;
}

/**
 * Builds and packs the package, and installs the tarball into an empty project. All of it in a temporary directory, so
 * that runs side by side, and a build in `dist`, do not meet.
 */
export async function installPacked(): Promise<Project> {
  const directory = mkdtempSync(join(tmpdir(), "langgraph-redis-package-"));
  try {
    const staging = join(directory, "staging");
    mkdirSync(staging);
    for (const file of ["package.json", "LICENSE", "README.md", "CHANGELOG.md"]) {
      if (existsSync(join(root, file))) copyFileSync(join(root, file), join(staging, file));
    }
    await run(root, tool("tsup/dist/cli-default.js"), "--silent", "--out-dir", join(staging, "dist"));
    const [tarball] = JSON.parse(await npm(staging, "pack", "--json", "--ignore-scripts")) as [
      { filename: string; files: { path: string }[] },
    ];

    const project = join(directory, "project");
    mkdirSync(project);
    const peers = PEERS.map((name) => [name, installedVersion(name)]);
    const dependencies = {
      "langgraph-redis": `file:${join(staging, tarball.filename)}`,
      ...Object.fromEntries(peers),
    };
    writeFileSync(
      join(project, "package.json"),
      JSON.stringify({ name: "user", private: true, dependencies }),
    );
    await npm(project, "install", "--prefer-offline", "--no-audit", "--no-fund");
    return {
      directory: project,
      packed: tarball.files.map(({ path }) => path),
      write: (name, text) => writeFileSync(join(project, name), text),
      node: (...args) => run(project, ...args),
      remove: () => rmSync(directory, { recursive: true, force: true }),
    };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function installedVersion(name: string): string {
  return JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;
}

/** Path of a program of one of this repository's packages. */
export function tool(path: string): string {
  return join(root, "node_modules", path);
}

async function run(cwd: string, ...args: string[]): Promise<string> {
  return (await capture(process.execPath, args, cwd)).trim();
}

function npm(cwd: string, ...args: string[]): Promise<string> {
  return capture("npm", args, cwd);
}

async function capture(program: string, args: string[], cwd: string): Promise<string> {
  try {
    return (await runFile(program, args, { cwd, env: userEnvironment() })).stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(" ")} failed\n${stdout}${stderr}`, { cause: error });
  }
}

/** Without what npm and vitest tell their children: npm would take our repository for the project. */
function userEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(npm_(?!config_)|NODE_OPTIONS$|NODE_ENV$|VITEST)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

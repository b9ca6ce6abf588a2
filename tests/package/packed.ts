import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { copySources } from "../helpers/working-copy.js";

const runFile = promisify(execFile);
export const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Project {
  directory: string;
  /** Writes a file of the project. */
  write(name: string, text: string): void;
  /** Runs Node in the project and returns what it printed. */
  node(...args: string[]): Promise<string>;
  remove(): void;
}

/** The package as `npm pack` makes it in a fresh clone, where nothing was built before. */
export interface Tarball {
  path: string;
  /** Paths of the files inside. */
  files: string[];
  /** Bytes when unpacked. */
  size: number;
  /** The clone that it was made in, which has what is installed here. */
  clone: string;
  remove(): void;
}

/** Everything happens in a temporary directory, so that runs side by side, and a build in `dist`, do not meet. */
export async function packClone(): Promise<Tarball> {
  const directory = mkdtempSync(join(tmpdir(), "langgraph-redis-packed-"));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    copySources(directory);
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
    const [packed] = JSON.parse(await npm(directory, "pack", "--json")) as [
      { filename: string; files: { path: string }[]; unpackedSize: number },
    ];
    return {
      path: join(directory, packed.filename),
      files: packed.files.map(({ path }) => path),
      size: packed.unpackedSize,
      clone: directory,
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The package of the command line, as `npm pack` makes it in the clone that a tarball was made in. */
export async function packCli({ clone }: Tarball): Promise<{ path: string; files: string[] }> {
  const directory = join(clone, "cli");
  const own = join(root, "cli", "node_modules");
  if (existsSync(own)) symlinkSync(own, join(directory, "node_modules"));
  const [packed] = JSON.parse(await npm(directory, "pack", "--json", "--pack-destination", clone)) as [
    { filename: string; files: { path: string }[] },
  ];
  return { path: join(clone, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** An empty project with the package and some of its peers, at the versions of this repository. */
export async function installPacked(
  tarball: Tarball,
  peers: readonly string[],
  others: Readonly<Record<string, string>> = {},
): Promise<Project> {
  const directory = mkdtempSync(join(tmpdir(), "langgraph-redis-project-"));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const dependencies = {
    "langgraph-redis": `file:${tarball.path}`,
    ...Object.fromEntries(peers.map((name) => [name, installedVersion(name)])),
    ...others,
  };
  writeFileSync(
    join(directory, "package.json"),
    JSON.stringify({ name: "user", private: true, dependencies }),
  );
  try {
    await npm(directory, "install", "--prefer-offline", "--no-audit", "--no-fund");
  } catch (error) {
    remove();
    throw error;
  }
  return {
    directory,
    write: (name, text) => writeFileSync(join(directory, name), text),
    node: (...args) => run(directory, ...args),
    remove,
  };
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

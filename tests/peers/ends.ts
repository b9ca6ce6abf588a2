import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One end of the ranges of all peers. */
export type End = "oldest" | "newest";

/** What is run there: what depends on LangGraph or on a client of Redis. */
const SHARED = [
  "tests/conformance",
  "tests/clients",
  "tests/graphs",
  "tests/examples",
  "tests/store/labels",
  "tests/telemetry",
];
export const SUITES: Record<End, readonly string[]> = {
  oldest: SHARED,
  newest: [...SHARED, "tests/langgraph"],
};

/** Development dependencies that need newer peers than the oldest; {@link SUITES} leaves out what uses them. */
const NEED_NEWER = [
  "langchain",
  "deepagents",
  "@langchain/langgraph-supervisor",
  "@langchain/langgraph-swarm",
];

/** What is no peer itself but has to fit to them. */
const COMPANIONS: Record<End, Record<string, string>> = {
  // The last that take the oldest peers.
  oldest: { "@langchain/langgraph": "1.4.17", "@langchain/openai": "1.4.7" },
  newest: { "@langchain/langgraph": "latest", "@langchain/openai": "latest" },
};

interface Manifest {
  peerDependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

type Run = (program: string, args: readonly string[], seconds: number) => Promise<{ code: number | null }>;

/**
 * Installs one end of all ranges in a copy of the project, as a user's project would: without the lock file.
 *
 * @returns the versions that were installed.
 */
export async function installEnd(directory: string, end: End, run: Run): Promise<string[]> {
  const path = join(directory, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest;
  const peers = Object.entries(manifest.peerDependencies);
  for (const name of end === "oldest" ? NEED_NEWER : []) delete manifest.devDependencies[name];
  const wanted = peers.map(([name, range]) => [name, end === "oldest" ? lowerBound(range) : range]);
  Object.assign(manifest.devDependencies, Object.fromEntries(wanted), COMPANIONS[end]);
  writeFileSync(path, JSON.stringify(manifest, undefined, 2));
  rmSync(join(directory, "package-lock.json"));

  // npm can look for minutes for a set of peers that does not exist.
  const { code } = await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], 240);
  if (code !== 0) throw new Error(`the ${end} peers could not be installed`);
  const versions = [...peers.map(([name]) => name), ...Object.keys(COMPANIONS[end])].map((name) => {
    const installed = JSON.parse(readFileSync(join(directory, "node_modules", name, "package.json"), "utf8"));
    return [name, installed.version as string] as const;
  });
  if (end === "oldest") {
    for (const [name, version] of versions) {
      const bound = manifest.devDependencies[name];
      if (bound !== version) throw new Error(`${name} ${version} was installed instead of ${bound}`);
    }
  }
  return versions.map((version) => version.join(" "));
}

/** The lowest version of a range. Our ranges name it first: `^5.8.0 || ^6.0.0`. */
function lowerBound(range: string): string {
  const version = /^\^(\d+\.\d+\.\d+)( |$)/.exec(range)?.[1];
  if (!version) throw new Error(`the lower bound of "${range}" cannot be told: write it as ^1.2.3`);
  return version;
}

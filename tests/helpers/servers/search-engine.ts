import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { RungMissing } from "./types.js";

const run = promisify(execFile);
const PACKAGE = "@falkordblite/linux-x64";

export interface SearchEngine {
  /** `redis-server` arguments that load the engine. */
  args: string[];
  env: Record<string, string>;
}

/** Path of the shared object that holds RediSearch; throws `RungMissing` where there is none for this machine. */
export function engineLibrary(): string {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new RungMissing(
      `no search engine to load on ${process.platform}-${process.arch}: use Docker or REDIS_URL`,
    );
  }
  try {
    // Its workspace asks for it, and npm may place it there or at the root.
    const require = createRequire(new URL("../../search-engine/package.json", import.meta.url));
    return join(dirname(require.resolve(`${PACKAGE}/package.json`)), "bin", "falkordb.so");
  } catch {
    throw new RungMissing(`${PACKAGE} is not installed: run npm install without --omit=optional`);
  }
}

/** Compiles the shim, once for each version of its source, into the user's cache. */
export async function searchEngine(compiler: string): Promise<SearchEngine> {
  const library = engineLibrary();
  const source = fileURLToPath(new URL("./search-shim.c", import.meta.url));
  const digest = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 16);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "langgraph-redis");
  const shim = join(cache, `search-shim-${digest}.so`);
  if (!existsSync(shim)) {
    mkdirSync(cache, { recursive: true });
    // Two processes may get here at once: each compiles a file of its own, and the rename is atomic.
    const own = `${shim}.${process.pid}.${Date.now()}`;
    try {
      await run(compiler, ["-shared", "-fPIC", "-O1", "-o", own, source, "-ldl"]);
      renameSync(own, shim);
    } finally {
      rmSync(own, { force: true });
    }
  }
  return { args: ["--loadmodule", shim], env: { LANGGRAPH_REDIS_SEARCH_ENGINE: library } };
}

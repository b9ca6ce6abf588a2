import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const run = promisify(execFile);

export interface PackageCopy {
  /** A folder in which `import "langgraph-redis"` finds the copy, and every other package the installed one. */
  directory: string;
  /** Makes `tsx --tsconfig` find the copy from the project's own files too. */
  tsconfig: string;
  remove(): Promise<void>;
}

/**
 * The package as users have it, built from the sources of now into a folder of its own: `dist` may be missing or old,
 * and building it here would pull it away from whoever is using it at this moment.
 */
export async function copyPackage(): Promise<PackageCopy> {
  const cache = join(ROOT, "node_modules", ".cache");
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, "langgraph-redis-"));
  const installed = join(directory, "node_modules", "langgraph-redis");
  const dist = join(installed, "dist");
  const tsup = join(ROOT, "node_modules", "tsup", "dist", "cli-default.js");
  await run(process.execPath, [tsup, "--out-dir", dist, "--format", "esm", "--no-dts", "--silent"], {
    cwd: ROOT,
  });
  await cp(join(ROOT, "package.json"), join(installed, "package.json"));
  const tsconfig = join(directory, "tsconfig.json");
  const paths = { "langgraph-redis": [join(dist, "index.js")] };
  await writeFile(
    tsconfig,
    JSON.stringify({ extends: join(ROOT, "tsconfig.json"), compilerOptions: { paths } }),
  );
  return { directory, tsconfig, remove: () => rm(directory, { recursive: true, force: true }) };
}

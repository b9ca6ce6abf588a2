import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Bundles a program with the sources of this package, to be run in processes of its own.
 *
 * @param home the folder of the package whose dependencies the program finds.
 * @returns the program, and the directory of its own that it stands in, where it finds the dependencies. Remove that at the end.
 */
export async function bundleProgram(
  entryPoint: URL,
  name: string,
  home = ROOT,
): Promise<{ directory: string; program: string }> {
  const cache = join(home, "node_modules", ".cache");
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, `langgraph-redis-${name}-`));
  const program = join(directory, "program.mjs");
  await build({
    entryPoints: [fileURLToPath(entryPoint)],
    outfile: program,
    bundle: true,
    packages: "external",
    alias: {
      "langgraph-redis": join(ROOT, "src", "index.ts"),
      "langgraph-redis/ioredis": join(ROOT, "src", "ioredis.ts"),
      "langgraph-redis/migrate": join(ROOT, "src", "migrate.ts"),
    },
    loader: { ".lua": "text" },
    format: "esm",
    platform: "node",
    target: "node20",
    sourcemap: "inline",
    logLevel: "error",
  });
  return { directory, program };
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

/** Builds the viewer's page as the package has it, into a directory of its own. */
export async function buildPage(): Promise<{ directory: string; remove(): void }> {
  const directory = mkdtempSync(join(tmpdir(), "langgraph-redis-page-"));
  await build({
    configFile: fileURLToPath(new URL("../../cli/vite.config.ts", import.meta.url)),
    logLevel: "error",
    build: { outDir: directory },
  });
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { install, onPath } from "./requirements.js";

const run = promisify(execFile);
const NAME = "en_US.UTF-8";
const SOURCE = "/usr/share/i18n/locales/en_US";

/**
 * Environment variables that give a server an English locale, as distributions do that start it as a service: Lua then
 * compares strings as a dictionary orders them. The locale is compiled once into the user's cache, from the sources in
 * Debian's package `locales`, as a bare system has none but C.
 *
 * @example
 * const server = await startServer({ search: false, env: await englishLocale() });
 */
export async function englishLocale(
  log: (line: string) => void = (line) => console.error(line),
): Promise<Record<string, string>> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "langgraph-redis", "locales");
  const folder = join(cache, NAME);
  if (!existsSync(join(folder, "LC_COLLATE"))) {
    if (!onPath("localedef") || !existsSync(SOURCE)) await install(["locales"], log);
    mkdirSync(cache, { recursive: true });
    // Two processes may get here at once: each compiles its own, and the first to finish gives it its name.
    const own = `${folder}.${process.pid}.${Date.now()}`;
    try {
      await run("localedef", ["-i", "en_US", "-f", "UTF-8", own]);
      renameSync(own, folder);
    } catch (error) {
      if (!existsSync(join(folder, "LC_COLLATE"))) throw error;
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  }
  return { LOCPATH: cache, LC_ALL: NAME };
}

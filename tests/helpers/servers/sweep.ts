import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { unrefPipe } from "./process.js";

const MAIN = fileURLToPath(new URL("./sweep-main.mjs", import.meta.url));

/**
 * Sees to it that all keys and search indexes whose names start with `prefix` are deleted: when the returned function is
 * called, or when this process ends, however it ends. For servers that outlive us, such as the one at REDIS_URL.
 * `prefix` is taken as a glob pattern's beginning, so it should hold letters, digits, `-` and `:` only.
 */
export function sweepAtEnd(url: string, prefix: string): () => Promise<void> {
  const child = spawn(process.execPath, [MAIN, url, prefix], {
    detached: true,
    stdio: ["pipe", "ignore", "inherit"],
  });
  child.unref();
  unrefPipe(child.stdin);
  const gone = once(child, "exit");
  return async () => {
    child.ref();
    child.stdin.end();
    const [code] = await gone;
    if (code !== 0) throw new Error(`could not delete the keys under ${prefix} (exit code ${code})`);
  };
}

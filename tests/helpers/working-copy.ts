import { execFileSync } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Copies what a clone would hold if all changes were committed: no dependencies, no build. */
export function copySources(directory: string): void {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const listed = execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });
  for (const path of listed.split("\0")) {
    // A file that was deleted is listed until that is committed.
    if (path !== "" && existsSync(join(root, path))) cpSync(join(root, path), join(directory, path));
  }
}

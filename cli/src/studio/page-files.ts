import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";

export interface PageFile {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/**
 * The files of the built page, by the path they are asked for. They are read once and looked up by name: whatever path somebody
 * asks for, no other file of this machine can be reached.
 *
 * @throws {Error} when the page has not been built.
 */
export function readPage(directory: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const type = TYPES[extname(entry.name)];
    if (type === undefined) continue;
    files.set(`/${relative(directory, path).split(sep).join("/")}`, {
      content: new Uint8Array(readFileSync(path)),
      type,
    });
  }
  const index = files.get("/index.html");
  if (index === undefined) throw new Error(`${directory} holds no page.`);
  return files.set("/", index);
}

// In this repository the command line depends on the library beside it ("file:.."); what is published depends on its version.
// Runs before and after packing.
import { readFileSync, writeFileSync } from "node:fs";

const path = new URL("../package.json", import.meta.url);
const manifest = JSON.parse(readFileSync(path, "utf8"));
const library = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
manifest.dependencies["langgraph-redis"] = process.argv.includes("--undo")
  ? "file:.."
  : `^${library.version}`;
writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);

import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";

const FOLDER = new URL("../docs/benchmarks/", import.meta.url);

/** A Markdown table; the first row is its head. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? "---" : "---:"))), ...body.map(line)].join("\n");
}

export function milliseconds(time: number): string {
  return time < 10 ? time.toFixed(2) : time.toFixed(1);
}

export function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`;
}

export function bytes(count: number): string {
  if (count < 10_000) return `${Math.round(count)} B`;
  return count < 10_000_000 ? `${(count / 1_000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

/** What the figures were measured on, for the reader of a report. */
export function conditions(server: string): string {
  const [cpu] = cpus();
  return (
    `Measured on ${new Date().toISOString().slice(0, 10)} with ${server}, Node ${process.version}, ` +
    `${cpus().length} cores (${cpu?.model.trim()}), client and server on one machine. ` +
    "Ratios compare times of the same run; bytes and round trips are exact."
  );
}

/** Writes a file into docs/benchmarks. */
export async function save(name: string, content: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(new URL(name, FOLDER), `${content.trimEnd()}\n`);
  console.log(`wrote docs/benchmarks/${name}`);
}

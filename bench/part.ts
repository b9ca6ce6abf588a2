import { startServer } from "../tests/helpers/servers/index.js";
import { conditions, save, table } from "./report.js";

/** A figure that has to keep to a bound. */
export interface Goal {
  readonly what: string;
  readonly measured: number;
  readonly bound: Bound;
  show(value: number): string;
}

export type Bound = { readonly atMost: number } | { readonly atLeast: number };

export interface PartResult {
  readonly goals: readonly Goal[];
  /** Markdown for the report. */
  readonly section?: string;
  /** Files for docs/benchmarks by name: the charts that the section shows. */
  readonly files?: Readonly<Record<string, string>>;
}

/** One group of figures, which can be measured alone. */
export interface Part {
  readonly name: string;
  measure(): Promise<PartResult>;
}

/** Parts that make one report. */
export interface Suite {
  /** As the command line and the report's file name it. */
  readonly name: string;
  readonly title: string;
  readonly search: boolean;
  readonly parts: readonly Part[];
}

/**
 * Measures parts of a suite and prints the report. Only a run of all parts writes into docs/benchmarks.
 *
 * @param names the parts to run; all when there are none.
 */
export async function runParts(suite: Suite, names: readonly string[]): Promise<void> {
  const known = suite.parts.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`the benchmark of the ${suite.name} has no part "${unknown}", only ${known.join(", ")}`);
  }
  const chosen = names.length === 0 ? suite.parts : suite.parts.filter(({ name }) => names.includes(name));
  const results: PartResult[] = [];
  for (const part of chosen) {
    const start = performance.now();
    results.push(await part.measure());
    console.log(`${part.name}: measured in ${((performance.now() - start) / 1_000).toFixed(0)} s`);
  }
  const report = [
    `# ${suite.title}`,
    conditions(await describeServer(suite.search)),
    goalTable(results.flatMap(({ goals }) => goals)),
    ...results.map(({ section = "" }) => section),
  ].join("\n\n");
  console.log(`\n${report}\n`);
  if (chosen.length < suite.parts.length) return;
  await save(`${suite.name}.md`, report);
  for (const { files = {} } of results) {
    for (const [name, content] of Object.entries(files)) await save(name, content);
  }
}

async function describeServer(search: boolean): Promise<string> {
  const server = await startServer({ search, own: true });
  await server.stop();
  return server.description.replace(/ at \S+.*/, "");
}

function goalTable(goals: readonly Goal[]): string {
  const rows = goals.map(({ what, measured, bound, show }) => {
    const [kept, limit] =
      "atMost" in bound
        ? [measured <= bound.atMost, `at most ${show(bound.atMost)}`]
        : [measured >= bound.atLeast, `at least ${show(bound.atLeast)}`];
    return [what, kept ? show(measured) : `**${show(measured)}**`, limit];
  });
  return [
    "## Goals",
    "Ratios of times are those of medians in the same run. A figure in bold misses its goal.",
    table([["figure", "measured", "goal"], ...rows]),
  ].join("\n\n");
}

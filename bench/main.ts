/**
 * `npm run bench` runs all benchmarks, `npm run bench -- saver` one of them, `npm run bench -- saver turns memory` parts
 * of it.
 */
const suites: Record<string, () => Promise<{ run(parts: readonly string[]): Promise<void> }>> = {
  saver: () => import("./saver/index.js"),
  store: () => import("./store/index.js"),
};

const [name, ...parts] = process.argv.slice(2);
for (const each of name === undefined ? Object.keys(suites) : [name]) {
  const load = suites[each];
  if (!load) throw new Error(`there is no benchmark "${each}", only ${Object.keys(suites).join(" and ")}`);
  await (await load()).run(parts);
}

export {};

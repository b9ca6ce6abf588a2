/** `npm run bench -- saver`, `npm run bench -- store`; without a name both. */
const suites: Record<string, () => Promise<{ run(): Promise<void> }>> = {
  saver: () => import("./saver.js"),
  store: () => import("./store.js"),
};

const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : Object.keys(suites)) {
  const load = suites[name];
  if (!load) throw new Error(`there is no benchmark "${name}", only ${Object.keys(suites).join(" and ")}`);
  await (await load()).run();
}

export {};

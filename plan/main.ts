import { parseArgs } from "node:util";
import { estimate, type Workload } from "./estimate.js";

const USAGE = `How much memory a workload takes in Redis.

  npm run plan -- --threads 100000 --messages 40 --items 1000000 --dims 1536

  --threads N                  threads that are there at one time (0)
  --messages N                 messages of each (20)
  --message-size N             characters of a message (500)
  --checkpoints-per-message N  1.5 for a user's message answered by a graph of one node (1.5)
  --history all|latest         the saver's option (all)
  --items N                    items of the store (0)
  --item-size N                characters of an item's value as JSON (200)
  --dims N                     dimensions of the vectors, 0 for none (0)
  --engine search|core         the store's engine (search)`;

const number = { type: "string" } as const;

function readWorkload(): Workload {
  const { values } = parseArgs({
    options: {
      threads: { ...number, default: "0" },
      messages: { ...number, default: "20" },
      "message-size": { ...number, default: "500" },
      "checkpoints-per-message": { ...number, default: "1.5" },
      history: { type: "string", default: "all" },
      items: { ...number, default: "0" },
      "item-size": { ...number, default: "200" },
      dims: { ...number, default: "0" },
      engine: { type: "string", default: "search" },
    },
  });
  const amount = (name: keyof typeof values): number => {
    const value = Number(values[name]);
    if (!(value >= 0) || values[name] === "")
      throw new Error(`--${name} must be a number, got "${values[name]}"`);
    return value;
  };
  const { history, engine } = values;
  if (history !== "all" && history !== "latest")
    throw new Error(`--history must be all or latest, got "${history}"`);
  if (engine !== "search" && engine !== "core")
    throw new Error(`--engine must be search or core, got "${engine}"`);
  return {
    threads: amount("threads"),
    messages: amount("messages"),
    messageSize: amount("message-size"),
    checkpointsPerMessage: amount("checkpoints-per-message"),
    history,
    items: amount("items"),
    itemSize: amount("item-size"),
    dims: amount("dims"),
    engine,
  };
}

function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  let value = bytes;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

try {
  const workload = readWorkload();
  if (workload.threads === 0 && workload.items === 0) {
    console.log(USAGE);
  } else {
    const { perThread, threads, perItem, items, total } = estimate(workload);
    if (workload.threads > 0) console.log(`threads  ${size(threads).padStart(8)}  (${size(perThread)} each)`);
    if (workload.items > 0) console.log(`items    ${size(items).padStart(8)}  (${size(perItem)} each)`);
    console.log(`total    ${size(total).padStart(8)}`);
    console.log(
      "Within 25 % where it was measured. Add a copy for each replica, and room for fork and fragmentation.",
    );
  }
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exitCode = 1;
}

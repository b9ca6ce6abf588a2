/** Reads threads in a process of its own and tells how much memory that leaves it with, see retained.ts. */
import { RedisSaver } from "langgraph-redis";
import { createClient } from "redis";
import type { RetainedReport } from "./retained.js";

const [url, keyPrefix, threads] = process.argv.slice(2) as [string, string, string];

function memory(): RetainedReport {
  for (let round = 0; round < 3; round++) global.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, buffers: external };
}

const client = createClient({ url });
await client.connect();
const saver = new RedisSaver({ client, keyPrefix });
const read = (thread: number) => saver.getTuple({ configurable: { thread_id: `user-${thread}` } });
await read(0);
const before = memory();
for (let thread = 1; thread < Number(threads); thread++) await read(thread);
const after = memory();
await read(0); // the saver is still in use, so that what it keeps counts
process.send?.({
  heap: after.heap - before.heap,
  buffers: after.buffers - before.buffers,
} satisfies RetainedReport);
process.disconnect();
client.destroy();

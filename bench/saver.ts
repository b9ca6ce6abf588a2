import { randomUUID } from "node:crypto";
import { startServer } from "../tests/helpers/servers/index.js";
import { conditions, save } from "./report.js";
import { measureShard, reportShard } from "./saver-shard.js";
import { measureThreads, reportThreads } from "./saver-threads.js";
import { measureTurns, reportTurns } from "./saver-turns.js";

/** The cost of a step, and of a turn, against the length of the conversation. */
export async function run(): Promise<void> {
  const server = await startServer({ search: false });
  try {
    const keyPrefix = `bench-${randomUUID()}`;
    const threads = await measureThreads(server.url, keyPrefix);
    const turns = await measureTurns(server.url, keyPrefix);
    const shard = await measureShard(server.url, keyPrefix);
    const report = [
      "# Saver: what a step and a turn cost",
      conditions(server.description.replace(/ at \S+.*/, "")),
      await reportThreads(threads),
      await reportTurns(turns),
      reportShard(shard),
    ].join("\n\n");
    console.log(`\n${report}\n`);
    await save("saver.md", report);
  } finally {
    await server.stop();
  }
}

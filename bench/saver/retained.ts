import { fork } from "node:child_process";
import { once } from "node:events";
import { RedisSaver } from "langgraph-redis";
import type { Part } from "../part.js";
import { bytes, table } from "../report.js";
import { inParallel, withServer } from "../server.js";
import { checkpointOf, configOf, metadataOf, noise } from "./data.js";

const THREADS = 6_000;
const METADATA_SIZE = 40_000;

/** What {@link retained} is told by the process that reads. */
export interface RetainedReport {
  readonly heap: number;
  readonly buffers: number;
}

/** What a process keeps in memory after it has read many threads once: it is another process, which only reads. */
export const retained: Part = {
  name: "heap",
  measure: () =>
    withServer(async ({ url, client, keyPrefix }) => {
      const writer = new RedisSaver({ client, keyPrefix });
      await inParallel(THREADS, 50, (thread) =>
        writer.put(
          configOf(`user-${thread}`),
          checkpointOf({ messages: [{ text: `hello ${thread}`.padEnd(90, "x") }] }, 1),
          metadataOf({ note: noise(thread, METADATA_SIZE) }),
          { messages: 1 },
        ),
      );
      const reader = fork(
        new URL("./retained-reader.ts", import.meta.url),
        [url, keyPrefix, String(THREADS)],
        { execArgv: [...process.execArgv, "--expose-gc"] },
      );
      const ended = once(reader, "exit").then(([code]) => {
        throw new Error(`the process that reads threads ended with ${code} before it said what it keeps`);
      });
      const [{ heap, buffers }] = (await Promise.race([once(reader, "message"), ended])) as [RetainedReport];
      reader.kill();
      return {
        goals: [
          {
            what: `heap and buffers kept after reading ${THREADS} small threads with 40 kB of metadata each`,
            measured: heap + buffers,
            bound: { atMost: 80_000_000 },
            show: bytes,
          },
        ],
        section: [
          "## What a client keeps",
          `Memory of a process that has read ${THREADS.toLocaleString("en")} threads once, each of one message and 40 kB of ` +
            "metadata, after garbage collection, beyond what it had before.",
          table([
            ["", "kept"],
            ["heap", bytes(heap)],
            ["buffers", bytes(buffers)],
          ]),
        ].join("\n\n"),
      };
    }),
};

import { RedisSaver } from "langgraph-redis";
import { startTcpProxy } from "../../tests/helpers/tcp-proxy.js";
import type { Part } from "../part.js";
import { bytes, table } from "../report.js";
import { connect, withServer } from "../server.js";
import { checkpointOf, configOf, metadataOf, noise } from "./data.js";

const CHECKPOINTS = 60;
const SIZE = 1_000_000;
const GOAL = 3_000_000;

/** What comes over the wire for one checkpoint of many large ones, to a caller who stops after it. */
export const list: Part = {
  name: "list",
  measure: () =>
    withServer(async ({ url, client, keyPrefix }) => {
      const writer = new RedisSaver({ client, keyPrefix });
      let config = configOf("t");
      for (let step = 0; step < CHECKPOINTS; step++) {
        const page = noise(step, SIZE);
        config = await writer.put(config, checkpointOf({ page }, step + 1), metadataOf({ step }), {
          page: step + 1,
        });
      }
      const proxy = await startTcpProxy(url);
      const observed = await connect(proxy.url);
      const received = async (options: { filter?: Record<string, unknown> }) => {
        const saver = new RedisSaver({ client: observed, keyPrefix });
        proxy.reset();
        for await (const _ of saver.list(configOf("t"), options)) break;
        await observed.ping(); // all before it has been received
        return proxy.replyBytes;
      };
      try {
        const cases = {
          "without a filter": await received({}),
          "with a filter that the newest has": await received({ filter: { source: "loop" } }),
          "with a filter that only the oldest has": await received({ filter: { step: 0 } }),
        };
        return {
          goals: Object.entries(cases).map(([name, measured]) => ({
            what: `bytes received for the first item of \`list\` over ${CHECKPOINTS} × 1 MB, ${name}`,
            measured,
            bound: { atMost: GOAL },
            show: bytes,
          })),
          section: [
            "## The first item of a list",
            `A thread of ${CHECKPOINTS} checkpoints of 1 MB each, all different, which hardly compress; a fresh saver takes the first one and stops.`,
            table([["", "received"], ...Object.entries(cases).map(([name, size]) => [name, bytes(size)])]),
          ].join("\n\n"),
        };
      } finally {
        observed.destroy();
        await proxy.stop();
      }
    }),
};

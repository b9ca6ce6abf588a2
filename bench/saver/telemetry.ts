import { tracingChannel } from "node:diagnostics_channel";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { RedisSaver } from "langgraph-redis";
import { enableOpenTelemetry } from "langgraph-redis/opentelemetry";
import { OperationTracker } from "../../src/redis/operation-tracker.js";
import { percentile, ratio, timeInTurns } from "../measure.js";
import type { Part } from "../part.js";
import { milliseconds, table, times } from "../report.js";
import { withServer } from "../server.js";
import { checkpointOf, configOf, metadataOf } from "./data.js";

const ROUNDS = 60;
/** Reads that are timed together, so that what begins and ends the listening does not count. */
const READS = 50;
const CALLS = 20_000;

/** What it costs that operations can be observed, and that they are. */
export const telemetry: Part = {
  name: "telemetry",
  measure: () =>
    withServer(async ({ client, keyPrefix }) => {
      const saver = new RedisSaver({ client, keyPrefix });
      const config = configOf("t");
      await saver.put(config, checkpointOf({ n: 1 }, 1), metadataOf(), { n: 1 });
      const read = async () => {
        for (let n = 0; n < READS; n++) await saver.getTuple(config);
      };
      const exporter = new InMemorySpanExporter();
      const tracer = new BasicTracerProvider({
        spanProcessors: [new SimpleSpanProcessor(exporter)],
      }).getTracer("b");
      const meter = new MeterProvider().getMeter("b");
      const measured = await timeInTurns(
        {
          nobody: read,
          subscriber: () => whileListening(read),
          openTelemetry: async () => {
            const disable = enableOpenTelemetry({ tracer, meter });
            await read();
            disable();
            exporter.reset();
          },
        },
        ROUNDS,
      );
      const unreported = new OperationTracker(1_000);
      const reported = new OperationTracker(1_000, { component: "saver", keyPrefix });
      const calls = await timeInTurns(
        { unreported: () => callAll(unreported), reported: () => callAll(reported) },
        20,
      );
      const hook = ((percentile(calls.reported, 50) - percentile(calls.unreported, 50)) * 1e6) / CALLS;
      const row = (name: string, key: keyof typeof measured) => [
        name,
        milliseconds(percentile(measured[key], 50) / READS),
        times(ratio(measured[key], measured.nobody)),
      ];
      return {
        goals: [
          {
            what: "an operation that nobody observes, more than one that cannot be observed, ns",
            measured: Math.max(0, hook),
            bound: { atMost: 1_000 },
            show: (nanoseconds: number) => nanoseconds.toFixed(0),
          },
          {
            what: "getTuple with a subscriber ÷ without",
            measured: ratio(measured.subscriber, measured.nobody),
            bound: { atMost: 1.25 },
            show: times,
          },
        ],
        section: [
          "## Observability",
          "`getTuple` of a small state, median.",
          table([
            ["who listens", "ms", "÷ nobody"],
            row("nobody", "nobody"),
            row("an empty subscriber", "subscriber"),
            row("OpenTelemetry, spans and metrics kept in memory", "openTelemetry"),
          ]),
        ].join("\n\n"),
      };
    }),
};

async function whileListening(work: () => Promise<void>): Promise<void> {
  const { asyncEnd } = tracingChannel("langgraph-redis:operation");
  const listener = () => {};
  asyncEnd.subscribe(listener);
  await work();
  asyncEnd.unsubscribe(listener);
}

async function callAll(tracker: OperationTracker): Promise<void> {
  const work = async () => 1;
  for (let n = 0; n < CALLS; n++) await tracker.run({ operation: "getTuple", threadId: "t" }, work);
}

import { context, type Span, type trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { enableOpenTelemetry, type OpenTelemetryOptions } from "langgraph-redis/opentelemetry";
import { onTestFinished } from "vitest";

// What is global can be set once in a process.
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

/** OpenTelemetry with spans and metrics in memory, enabled until the test is over. */
export function startOpenTelemetry(options: OpenTelemetryOptions = {}) {
  const spans = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 });
  const meters = new MeterProvider({ readers: [reader] });
  const tracer = provider.getTracer("langgraph-redis");
  const disable = enableOpenTelemetry({ tracer, meter: meters.getMeter("langgraph-redis"), ...options });
  onTestFinished(async () => {
    disable();
    await Promise.all([provider.shutdown(), meters.shutdown()]);
  });
  return {
    disable,
    tracer: provider.getTracer("application"),
    /** The spans that have ended since the last time, in the order of their ends. */
    takeSpans(): ReadableSpan[] {
      const ended = spans.getFinishedSpans().slice();
      spans.reset();
      return ended;
    },
    /** The histograms of all that was recorded, by the name of the metric. */
    async histograms() {
      await reader.forceFlush();
      const [latest] = metrics.getMetrics().slice(-1);
      const all = latest?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
      const points = ({ dataPoints }: (typeof all)[number]) =>
        dataPoints.map(({ attributes, value }) => ({ attributes, value: value as Histogram }));
      return Object.fromEntries(
        all.map((metric) => [
          metric.descriptor.name,
          { unit: metric.descriptor.unit, points: points(metric) },
        ]),
      );
    },
  };
}

/** Runs something within a span of the application's. */
export function within<T>(
  tracer: ReturnType<typeof trace.getTracer>,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(name, async (span: Span) => {
    try {
      return await work();
    } finally {
      span.end();
    }
  });
}

/** The spans as a tree: each name with the names below it, in the order of their starts. */
export function treeOf(spans: readonly ReadableSpan[]): string[] {
  const sorted = spans.toSorted((one, other) => nanoseconds(one) - nanoseconds(other));
  const below = (parent: string | undefined, depth: number): string[] =>
    sorted
      .filter((span) => span.parentSpanContext?.spanId === parent)
      .flatMap((span) => [
        `${"  ".repeat(depth)}${span.name}`,
        ...below(span.spanContext().spanId, depth + 1),
      ]);
  return below(undefined, 0);
}

const nanoseconds = ({ startTime: [seconds, nanos] }: ReadableSpan) => seconds * 1e9 + nanos;

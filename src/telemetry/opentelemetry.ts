import {
  type Meter,
  metrics,
  context as otelContext,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { checkKnownOptions, type KnownOptions } from "../redis/known-options.js";
import {
  AROUND,
  type OperationMessage,
  operationChannel,
  type PendingMessage,
} from "../redis/operation-channel.js";
import { endAttributes, metricAttributes, returnedRows, spanName, startAttributes } from "./attributes.js";

/** Options of {@link enableOpenTelemetry}. */
export interface OpenTelemetryOptions {
  /** Makes the spans. Default: the tracer `langgraph-redis` of the global provider. */
  tracer?: Tracer;
  /** Makes the metrics. Default: the meter `langgraph-redis` of the global provider. */
  meter?: Meter;
  /**
   * Whether spans have ids of threads and checkpoints, namespaces and keys of items (default true). Metrics never have
   * them.
   */
  recordIds?: boolean;
}

const KNOWN: KnownOptions<OpenTelemetryOptions> = { tracer: true, meter: true, recordIds: true };

/** As OpenTelemetry's conventions advise. */
const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const ROWS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/**
 * Makes a span and metrics of every operation of all savers, stores and caches of this process, by OpenTelemetry's semantic
 * conventions for databases. Call it once, after the SDK was started: metrics of a provider that is registered later are
 * lost.
 *
 * The span is a child of the span that is active where the operation is called, and is active itself for what happens
 * below: the calls of an embedding model, and the commands, if the client is instrumented as well.
 *
 * @returns a function that ends it.
 * @throws {InvalidInputError} when there is an unknown option.
 *
 * @example
 * ```ts
 * import { enableOpenTelemetry } from "langgraph-redis/opentelemetry";
 *
 * const disable = enableOpenTelemetry();
 * ```
 */
export function enableOpenTelemetry(options: OpenTelemetryOptions = {}): () => void {
  checkKnownOptions(options, KNOWN, "enableOpenTelemetry");
  const { tracer = trace.getTracer("langgraph-redis"), recordIds = true } = options;
  const { meter = metrics.getMeter("langgraph-redis") } = options;
  const duration = meter.createHistogram("db.client.operation.duration", {
    description: "Duration of database client operations.",
    unit: "s",
    advice: { explicitBucketBoundaries: SECONDS },
  });
  const rows = meter.createHistogram("db.client.response.returned_rows", {
    description: "The actual number of records returned by the database operation.",
    unit: "{row}",
    advice: { explicitBucketBoundaries: ROWS },
  });
  /** Of the operations under way. */
  const spans = new WeakMap<object, Span>();

  const listeners = {
    start(message: unknown) {
      const started = message as PendingMessage;
      const attributes = startAttributes(started, recordIds);
      const span = tracer.startSpan(spanName(started), { kind: SpanKind.CLIENT, attributes });
      spans.set(started, span);
      const within = trace.setSpan(otelContext.active(), span);
      started[AROUND].push((operation) => otelContext.with(within, operation));
    },
    asyncEnd(message: unknown) {
      const ended = message as OperationMessage;
      const span = spans.get(ended);
      if (!span) return; // it began before
      // Exemplars of the metrics are of this span.
      otelContext.with(trace.setSpan(otelContext.active(), span), () => {
        const attributes = metricAttributes(ended);
        duration.record((ended.duration ?? 0) / 1_000, attributes);
        const returned = returnedRows(ended);
        if (returned !== undefined) rows.record(returned, attributes);
      });
      span.setAttributes(endAttributes(ended));
      if (ended.errorCode !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
  operationChannel.start.subscribe(listeners.start);
  operationChannel.asyncEnd.subscribe(listeners.asyncEnd);
  return () => {
    operationChannel.start.unsubscribe(listeners.start);
    operationChannel.asyncEnd.unsubscribe(listeners.asyncEnd);
  };
}

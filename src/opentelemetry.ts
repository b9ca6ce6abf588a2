export { enableOpenTelemetry, type OpenTelemetryOptions } from "./telemetry/opentelemetry.js";

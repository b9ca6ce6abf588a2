import { tracingChannel } from "node:diagnostics_channel";
import type { OperationMessage } from "langgraph-redis";
import { onTestFinished } from "vitest";

/** Records the operations under some prefixes of keys, until the test is over. */
export function recordOperations(...prefixes: readonly string[]) {
  const events: { event: string; message: OperationMessage }[] = [];
  const listenerTo = (event: string) => (message: unknown) => {
    const reported = message as OperationMessage;
    if (prefixes.includes(reported.keyPrefix)) events.push({ event, message: reported });
  };
  const listeners = {
    start: listenerTo("start"),
    end: listenerTo("end"),
    asyncStart: listenerTo("asyncStart"),
    asyncEnd: listenerTo("asyncEnd"),
    error: listenerTo("error"),
  };
  const channel = tracingChannel("langgraph-redis:operation");
  channel.subscribe(listeners);
  const stop = () => void channel.unsubscribe(listeners);
  onTestFinished(stop);
  return {
    stop,
    /** The events since the last time, each with its operation. */
    takeEvents: () => events.splice(0).map(({ event, message }) => `${event} ${message.operation}`),
    /** The operations that have come to their end since the last time. */
    take: () =>
      events
        .splice(0)
        .filter(({ event }) => event === "asyncEnd")
        .map(({ message }) => message),
  };
}

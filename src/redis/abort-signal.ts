import { describe } from "../describe.js";
import { InvalidInputError } from "../errors.js";

/** @returns undefined when there is no signal. @throws {InvalidInputError} */
export function checkSignal(signal: unknown, what: string): AbortSignal | undefined {
  if (signal === undefined || signal === null) return undefined;
  if (signal instanceof AbortSignal || looksLikeSignal(signal)) return signal as AbortSignal;
  throw new InvalidInputError(
    `${what} must be an AbortSignal, got ${describe(signal)}. Example: AbortSignal.timeout(5_000).`,
  );
}

/** A signal of another realm, or of a polyfill. */
function looksLikeSignal(signal: unknown): boolean {
  if (typeof signal !== "object" || signal === null) return false;
  return (
    typeof Reflect.get(signal, "aborted") === "boolean" &&
    typeof Reflect.get(signal, "addEventListener") === "function" &&
    typeof Reflect.get(signal, "removeEventListener") === "function"
  );
}

/** What an operation rejects with that the signal has aborted: the signal's reason, an AbortError where it has none. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException("This operation was aborted", "AbortError");
}

/** The same promise, until the signal aborts: then the signal's reason. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = onAbort(signal, () => reject(abortReason(signal)));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stop();
  }
}

/** What is called when a signal aborts, and the one listener through which it is. */
interface Listening {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const LISTENING = new WeakMap<AbortSignal, Listening>();

/**
 * Calls back when the signal aborts, until the function that is returned is called.
 *
 * A signal gets one listener, however many wait for it, since Node warns of a leak at eleven; and none once nobody waits
 * any more, since one signal can serve a whole process.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const listening = LISTENING.get(signal) ?? listenTo(signal);
  listening.callbacks.add(callback);
  return () => {
    if (!listening.callbacks.delete(callback) || listening.callbacks.size > 0) return;
    LISTENING.delete(signal);
    signal.removeEventListener("abort", listening.listener);
  };
}

function listenTo(signal: AbortSignal): Listening {
  const callbacks = new Set<() => void>();
  const listener = () => {
    for (const callback of callbacks) callback();
  };
  const listening = { callbacks, listener };
  LISTENING.set(signal, listening);
  signal.addEventListener("abort", listener);
  return listening;
}

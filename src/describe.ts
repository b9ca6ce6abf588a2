/**
 * Names the type of a value for an error message, never the value itself: what users store, search for and configure
 * does not belong into messages, which end up in logs.
 */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value === "" ? "an empty string" : `a string of ${count(value.length, "character")}`;
    case "object":
      if (value === null) return "null";
      if (!Array.isArray(value)) return describeObject(value);
      return value.length === 0 ? "an empty array" : `an array of ${count(value.length, "element")}`;
    case "undefined":
      return "undefined";
    default:
      return `a ${typeof value}`;
  }
}

function describeObject(value: object): string {
  const name = classOf(value);
  return name === "Object" ? "an object" : `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

/** As {@link describe}, but quotes strings: for what should be an id, a key or a prefix of keys. */
export function describeId(value: unknown): string {
  return typeof value === "string" ? quote(value) : describe(value);
}

/** As {@link describe}, but shows numbers and booleans: for options such as `limit`, where -1 says what is wrong. */
export function describeOption(value: unknown): string {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : describe(value);
}

/** Quotes an id, a key, a namespace or a path, cut to a readable length. Only for these: see {@link describe}. */
export function quote(id: string | readonly string[]): string {
  const text = JSON.stringify(id);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The errors whose messages hold no values. */
const repeatableErrors = new WeakSet<Error>();

/** Marks an error of ours whose message holds no value, so that {@link reasonOf} may repeat it in another message. */
export function repeatable<E extends Error>(error: E): E {
  repeatableErrors.add(error);
  return error;
}

/**
 * What is said of an error in a message of ours. The message of somebody else's error is not repeated, since it may
 * quote what the user gave: `JSON.parse` does, models do. Its class, its code and its HTTP status are; the error itself
 * is found at `cause`.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return `${describe(error)} was thrown`;
  if (repeatableErrors.has(error)) return error.message;
  const { code, status } = error as { code?: unknown; status?: unknown };
  const details = [
    classOf(error),
    ...(typeof code === "string" && IDENTIFIER.test(code) ? [code] : []),
    ...(typeof status === "number" ? [`status ${status}`] : []),
  ];
  return details.join(", ");
}

/** A code, as opposed to a text that somebody put in its place. */
const IDENTIFIER = /^[A-Za-z][A-Za-z0-9_]{0,49}$/;

/** The name of an object's class. A property called "constructor" may hold anything; the prototype's names the class. */
export function classOf(object: object): string {
  const name: unknown = Object.getPrototypeOf(object)?.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "Object";
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

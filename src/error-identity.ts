/**
 * The key under which the prototype of each error class holds the name of the class. It is the same in every copy of
 * this package in a process.
 */
const CLASS = Symbol.for("langgraph-redis.error");

interface ErrorClass {
  readonly prototype: Error;
}

/**
 * Gives an error class and its instances their name, as text, because bundlers rename classes. The instances' name belongs
 * to the prototype, so that it is there already when the stack is captured.
 */
export function identify(errorClass: ErrorClass, name: string): void {
  const { prototype } = errorClass;
  Object.defineProperty(errorClass, "name", { value: name, configurable: true });
  Object.defineProperty(prototype, "name", { value: name, writable: true, configurable: true });
  Object.defineProperty(prototype, CLASS, { value: name });
}

/**
 * The meaning of `instanceof` for error classes: a value is an instance of a class if that class, or one identified by
 * the same name, is in its prototype chain.
 *
 * A process can hold several copies of each class: those of the ESM and the CommonJS build, of each entry point of the
 * latter, and what bundlers make of them. This makes them one class. A class that a user derives is not identified by a
 * name, so only its own instances are instances of it.
 */
export function isInstance(errorClass: ErrorClass, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(errorClass, value)) return true;
  const name = ownName(errorClass.prototype);
  if (name === undefined || typeof value !== "object") return false;
  for (let at = value; at !== null; at = Object.getPrototypeOf(at)) {
    if (ownName(at) === name) return true;
  }
  return false;
}

function ownName(prototype: object): unknown {
  return Object.getOwnPropertyDescriptor(prototype, CLASS)?.value;
}

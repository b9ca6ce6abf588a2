import { isDate, isUint8Array } from "node:util/types";
import { classOf } from "../../describe.js";

/** What an item's value consists of: what JSON can hold, and bytes. */
export type Json = null | boolean | number | string | Uint8Array | Json[] | JsonObject;

export interface JsonObject {
  [name: string]: Json;
}

/** Deeper values are refused, so that whatever goes through values can do so by recursion. */
export const DEEPEST = 500;

/** Told what cannot be stored, and where in the value it is. Throws. */
export type Refuse = (problem: string, path: string) => never;

/**
 * Copies a value as it will be read back: `undefined` properties are left out, `toJSON` is respected, as JSON.stringify
 * does. What it would silently change otherwise is refused: functions, symbols, `NaN`, `undefined` in an array, an
 * invalid Date, Errors, Maps, Promises and the like.
 *
 * @returns `undefined` for what has no value in JSON.
 */
export function toJson(value: unknown, refuse: Refuse): Json | undefined {
  return new Copier(refuse).copy(value);
}

class Copier {
  readonly #path: string[] = [];
  /** The objects that lead to the present one: one that comes again would never end. */
  readonly #within = new Set<object>();

  constructor(private readonly refuse: Refuse) {}

  copy(value: unknown): Json | undefined {
    switch (typeof value) {
      case "string":
      case "boolean":
      case "undefined":
        return value;
      case "number":
        return Number.isFinite(value) ? value : this.#refuse(`the number ${value}`);
      case "object":
        return value === null ? null : this.#copyObject(value);
      default:
        return this.#refuse(`a ${typeof value}`);
    }
  }

  #copyObject(value: object): Json | undefined {
    if (isUint8Array(value)) return Uint8Array.from(value);
    if (this.#within.has(value)) return this.#refuse("a circular reference");
    if (this.#path.length > DEEPEST) return this.refuse(`it is nested more than ${DEEPEST} deep`, "");
    this.#within.add(value);
    const copy = this.#copyContents(value);
    this.#within.delete(value);
    return copy;
  }

  #copyContents(value: object): Json | undefined {
    if (isDate(value) && Number.isNaN(value.getTime())) return this.#refuse("an invalid Date");
    const { toJSON } = value as { toJSON?: unknown };
    const written: unknown =
      typeof toJSON === "function" ? toJSON.call(value, this.#path.at(-1) ?? "") : value;
    // An object that another one writes itself as is not asked again how it writes itself.
    if (typeof written !== "object" || written === null || isUint8Array(written)) return this.copy(written);
    if (Array.isArray(written)) return this.#copyArray(written);
    switch (Object.prototype.toString.call(written)) {
      case "[object Object]":
        return this.#copyProperties(written);
      case "[object String]":
      case "[object Number]":
      case "[object Boolean]":
        return this.copy(written.valueOf());
      default:
        return this.#refuse(classOf(written));
    }
  }

  #copyArray(array: readonly unknown[]): Json[] {
    // Array.from visits what was never set, too.
    return Array.from(array, (each, index) =>
      this.#at(String(index), () => {
        const copied = this.copy(each);
        return copied === undefined ? this.#refuse("undefined") : copied;
      }),
    );
  }

  #copyProperties(object: object): JsonObject {
    // Without a prototype any name is a property like others.
    const copy: JsonObject = Object.create(null);
    for (const [name, each] of Object.entries(object)) {
      const copied = this.#at(name, () => this.copy(each));
      if (copied !== undefined) copy[name] = copied;
    }
    return copy;
  }

  #at<T>(name: string, work: () => T): T {
    this.#path.push(name);
    const result = work();
    this.#path.pop();
    return result;
  }

  #refuse(what: string): never {
    return this.refuse(`${what} is there`, this.#path.join("."));
  }
}

/** Whether a value has properties, as neither scalars nor bytes have; an array is one too. */
export function isObject(value: Json | undefined): value is Json[] | JsonObject {
  return typeof value === "object" && value !== null && !isUint8Array(value);
}

import { isObject, type Json } from "../items/json.js";
import type { OneOf, Predicate, RangeOperator, Test } from "./predicate.js";

/** Whether a value satisfies all predicates. This is what filters mean; an index may only make it faster. */
export function matches(root: Json | undefined, predicates: readonly Predicate[]): boolean {
  return predicates.every((predicate) => {
    if ("anyOf" in predicate) return predicate.anyOf.some((list) => matches(root, list));
    const values = valuesAt(root, predicate.path);
    if (predicate.exists !== undefined && predicate.exists !== values.length > 0) return false;
    if (predicate.none.some((tests) => passes(values, tests))) return false;
    return predicate.some.length === 0 || passes(values, predicate.some);
  });
}

/**
 * All values that a path leads to. Property names joined by dots spell the path, so that `a.b` finds
 * `{ a: { b: 1 } }` and `{ "a.b": 1 }`. An array stands for itself and for each of its elements.
 */
export function valuesAt(root: Json | undefined, path: string): Json[] {
  const found: Json[] = [];
  collect(root, path, 0, found);
  return found;
}

/**
 * Follows the path from a position in it. Names of properties are looked up in the path, not the other way round: each
 * is looked at once at most, so that the work is bounded by the size of the value, whatever the path.
 */
function collect(root: Json | undefined, path: string, from: number, found: Json[]): void {
  if (!isObject(root)) return;
  if (Array.isArray(root)) {
    for (const element of root) collect(element, path, from, found);
    return;
  }
  for (const name of Object.keys(root)) {
    if (!path.startsWith(name, from)) continue;
    const end = from + name.length;
    if (end === path.length) spread(root[name] as Json, found);
    else if (path[end] === ".") collect(root[name], path, end + 1, found);
  }
}

function spread(value: Json, found: Json[]): void {
  found.push(value);
  if (Array.isArray(value)) for (const element of value) spread(element, found);
}

function passes(values: readonly Json[], tests: readonly Test[]): boolean {
  if (tests.some(({ is }) => is === "object")) {
    // The entries of a plain object are asked of one element, not of an array as a whole; where there is nothing,
    // they are asked of nothing, of which "not equal" still holds.
    const elements = values.filter((value) => !Array.isArray(value));
    const candidates: (Json | undefined)[] = elements.length > 0 ? elements : [undefined];
    return candidates.some((value) => tests.every((test) => holds(value, test)));
  }
  return values.some((value) => tests.every((test) => holds(value, test)));
}

function holds(value: Json | undefined, test: Test): boolean {
  switch (test.is) {
    case "equal":
      return equals(value, test.to);
    case "in":
      return isIn(value, test);
    case "range":
      return inRange(value, test.operator, test.bound);
    case "prefix":
      return typeof value === "string" && value.startsWith(test.prefix);
    case "object":
      return test.entries.length > 0
        ? matches(value, test.entries)
        : isObject(value) && !Array.isArray(value);
  }
}

/** A list is not looked through for each value, however long it is: scalars are looked up. */
function isIn(value: Json | undefined, { scalars, others }: OneOf): boolean {
  return scalars.has(value) || others.some((each) => equals(value, each));
}

/** Numbers compare with numbers, strings with strings (by UTF-16 code unit), nothing else compares. */
function inRange(value: Json | undefined, operator: RangeOperator, bound: number | string): boolean {
  if (typeof value !== typeof bound) return false;
  const comparable = value as number | string;
  switch (operator) {
    case "$gt":
      return comparable > bound;
    case "$gte":
      return comparable >= bound;
    case "$lt":
      return comparable < bound;
    case "$lte":
      return comparable <= bound;
  }
}

/** Equality of values; the order of properties does not matter. */
export function equals(a: Json | undefined, b: Json): boolean {
  if (a === b) return true;
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  if (!isObject(a) || !isObject(b)) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((each, index) => equals(each, b[index] as Json))
    );
  }
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && equals(a[name], b[name] as Json))
  );
}

import { describe, quote, reasonOf } from "../../describe.js";
import { isPlainObject } from "../../plain-object.js";
import { FilterError } from "../errors.js";
import { DEEPEST, type Json, toJson } from "../items/json.js";
import { anyOf, not, oneOf, type PathPredicate, type Predicate, type Test } from "./predicate.js";

/**
 * Reads a filter: all of its entries have to match.
 *
 * @throws {FilterError} naming the entry, or with the error of a getter or `toJSON` in the filter as its cause.
 */
export function parseFilter(filter: unknown): Predicate[] {
  if (filter === undefined || filter === null) return [];
  try {
    return parseEntries(filter, "", 0);
  } catch (error) {
    if (error instanceof FilterError) throw error;
    throw new FilterError(`the filter cannot be read: ${reasonOf(error)}. The cause has the error.`, {
      cause: error,
    });
  }
}

const COMBINATORS = ["$and", "$or", "$not"] as const;

const OPERATORS = [
  ...["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$startsWith"],
  ...COMBINATORS,
];

/** Reads the entries of a filter, or of one within it. */
function parseEntries(filter: unknown, where: string, depth: number): Predicate[] {
  if (!isPlainObject(filter)) {
    const which = where === "" ? "a filter" : `the filter at ${quote(where)}`;
    throw new FilterError(`${which} must be a plain object, got ${describe(filter)}.`);
  }
  checkDepth(depth);
  return Object.entries(filter).flatMap(([name, operand]) => {
    const place = where === "" ? name : `${where}.${name}`;
    if (isCombinator(name))
      return combine(name, operand, place, (each, at) => parseEntries(each, at, depth + 1));
    if (!name.startsWith("$")) return parseEntry(name, operand, place, depth);
    throw new FilterError(
      `unknown operator ${quote(name)} in the filter${where === "" ? "" : ` at ${quote(where)}`}. Operators are ` +
        `${OPERATORS.join(", ")}. All but ${COMBINATORS.join(", ")} follow a field name: { score: { $gte: 3 } }.`,
    );
  });
}

/** Reads what follows a field name. */
function parseEntry(path: string, operand: unknown, where: string, depth: number): Predicate[] {
  checkDepth(depth);
  if (!isPlainObject(operand))
    return [{ path, some: [{ is: "equal", to: toOperand(operand, where) }], none: [] }];
  const names = Object.keys(operand);
  const operators = names.filter((name) => name.startsWith("$"));
  if (operators.length === 0) {
    return [{ path, some: [{ is: "object", entries: parseEntries(operand, where, depth + 1) }], none: [] }];
  }
  if (operators.length < names.length) {
    throw new FilterError(
      `the filter at ${quote(where)} mixes operators and field names: ${names.join(", ")}.`,
    );
  }
  const predicate: PathPredicate = { path, some: [], none: [] };
  const combined = operators.flatMap((operator): Predicate[] => {
    if (isCombinator(operator)) {
      return combine(operator, operand[operator], `${where}.${operator}`, (each, at) =>
        parseEntry(path, each, at, depth + 1),
      );
    }
    addOperator(predicate, operator, operand[operator], where);
    return [];
  });
  if (operators.every(isCombinator)) return combined;
  predicate.some = withoutNeedless(predicate.some);
  return [predicate, ...combined];
}

/** Beside another bound an infinite one says nothing, not even that there has to be a number. */
function withoutNeedless(tests: Test[]): Test[] {
  const isNeedless = (test: Test) =>
    test.is === "range" && test.bound === (test.operator.startsWith("$l") ? Infinity : -Infinity);
  const bounds = tests.filter(({ is }) => is === "range");
  return bounds.every(isNeedless) ? tests : tests.filter((test) => !isNeedless(test));
}

function isCombinator(name: string): name is (typeof COMBINATORS)[number] {
  return (COMBINATORS as readonly string[]).includes(name);
}

/** @param parse Reads one of the filters that are combined, or one of the operands of a field. */
function combine(
  combinator: (typeof COMBINATORS)[number],
  operand: unknown,
  where: string,
  parse: (each: unknown, where: string) => Predicate[],
): Predicate[] {
  if (combinator === "$not") return not(parse(operand, where));
  if (!Array.isArray(operand)) {
    throw new FilterError(
      `${quote(where)} in the filter takes an array of filters, got ${describe(operand)}.`,
    );
  }
  const lists = Array.from(operand as unknown[], (each, at) => parse(each, `${where}[${at}]`));
  return combinator === "$and" ? lists.flat() : anyOf(lists);
}

// Deeper than any stored value. What goes through filters can so do it by recursion.
function checkDepth(depth: number): void {
  if (depth > DEEPEST) throw new FilterError(`the filter is nested more than ${DEEPEST} deep.`);
}

function addOperator(predicate: PathPredicate, operator: string, operand: unknown, where: string): void {
  switch (operator) {
    case "$eq":
      predicate.some.push({ is: "equal", to: toOperand(operand, where) });
      return;
    case "$ne":
      predicate.none.push([{ is: "equal", to: toOperand(operand, where) }]);
      return;
    case "$in":
      predicate.some.push(oneOf(toList(operator, operand, where)));
      return;
    case "$nin":
      predicate.none.push([oneOf(toList(operator, operand, where))]);
      return;
    case "$startsWith":
      if (typeof operand !== "string") {
        throw new FilterError(`$startsWith at ${quote(where)} takes a string, got ${describe(operand)}.`);
      }
      predicate.some.push({ is: "prefix", prefix: operand });
      return;
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte": {
      // Infinities are bounds like others: every stored number is between them.
      const bound = isInfinite(operand) ? operand : toOperand(operand, where);
      if (typeof bound !== "number" && typeof bound !== "string") {
        throw new FilterError(
          `${operator} at ${quote(where)} compares with a number or a string, got ${describe(operand)}.`,
        );
      }
      predicate.some.push({ is: "range", operator, bound });
      return;
    }
    case "$exists":
      if (typeof operand !== "boolean") {
        throw new FilterError(`$exists at ${quote(where)} is true or false, got ${describe(operand)}.`);
      }
      predicate.exists = operand;
      return;
    default:
      throw new FilterError(
        `unknown operator ${quote(operator)} in the filter at ${quote(where)}. Operators are ${OPERATORS.join(", ")}.`,
      );
  }
}

function toList(operator: string, operand: unknown, where: string): Json[] {
  if (!Array.isArray(operand)) {
    throw new FilterError(`${operator} at ${quote(where)} takes an array, got ${describe(operand)}.`);
  }
  // Array.from visits what was never set, too.
  return Array.from(operand as unknown[], (each) => toOperand(each, where));
}

/** The operand as it would read if it had been stored: dates as ISO strings, for one. */
function toOperand(operand: unknown, where: string): Json {
  const refuse = (problem: string, path: string): never => {
    throw new FilterError(
      `the filter at ${quote(where)} equals no stored value: ${problem}${path === "" ? "" : ` at ${quote(path)}`}.`,
    );
  };
  const copy = toJson(operand, refuse);
  if (copy === undefined) {
    throw new FilterError(
      `the filter at ${quote(where)} is undefined, which no stored value equals. ` +
        "Leave the entry out, or ask for { $exists: false }.",
    );
  }
  return copy;
}

function isInfinite(operand: unknown): operand is number {
  return operand === Number.POSITIVE_INFINITY || operand === Number.NEGATIVE_INFINITY;
}

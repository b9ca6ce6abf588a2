import { describe, quote, reasonOf } from "../../describe.js";
import { isPlainObject } from "../../plain-object.js";
import { FilterError } from "../errors.js";
import { DEEPEST, type Json, toJson } from "../items/json.js";

/** What is asked of one value. */
export type Test =
  | { is: "equal"; to: Json }
  | { is: "in"; list: Json[] }
  | { is: "range"; operator: RangeOperator; bound: number | string }
  | { is: "object"; entries: Predicate[] };

export type RangeOperator = "$gt" | "$gte" | "$lt" | "$lte";

/** What is asked of the values that a path leads to. */
export interface Predicate {
  /** Property names joined by dots; arrays on the way are entered. */
  path: string;
  /** There is one value for which all of these hold. */
  some: Test[];
  /** There is no value for which one of these holds. */
  none: Test[];
  /** Whether the path leads to anything, `null` included. */
  exists?: boolean;
}

/**
 * Reads a filter: all of its entries have to match.
 *
 * @throws {FilterError} naming the entry, or with the error of a getter or `toJSON` in the filter as its cause.
 */
export function parseFilter(filter: unknown): Predicate[] {
  if (filter === undefined || filter === null) return [];
  try {
    if (!isPlainObject(filter))
      throw new FilterError(`a filter must be a plain object, got ${describe(filter)}.`);
    return parseEntries(filter, "", 0);
  } catch (error) {
    if (error instanceof FilterError) throw error;
    throw new FilterError(`the filter cannot be read: ${reasonOf(error)}. The cause has the error.`, {
      cause: error,
    });
  }
}

function parseEntries(entries: Record<string, unknown>, where: string, depth: number): Predicate[] {
  // Deeper than any stored value. What goes through filters can so do it by recursion.
  if (depth > DEEPEST) throw new FilterError(`the filter is nested more than ${DEEPEST} deep.`);
  return Object.entries(entries).map(([name, operand]) => {
    if (name.startsWith("$")) {
      throw new FilterError(
        `unknown operator ${quote(name)} in the filter${where === "" ? "" : ` at ${quote(where)}`}. Operators are ` +
          `${OPERATORS.join(", ")}, and they follow a field name: { score: { $gte: 3 } }.`,
      );
    }
    return parseEntry(name, operand, where === "" ? name : `${where}.${name}`, depth);
  });
}

function parseEntry(path: string, operand: unknown, where: string, depth: number): Predicate {
  const predicate: Predicate = { path, some: [], none: [] };
  if (!isPlainObject(operand)) {
    predicate.some.push({ is: "equal", to: toOperand(operand, where) });
    return predicate;
  }
  const names = Object.keys(operand);
  const operators = names.filter((name) => name.startsWith("$"));
  if (operators.length === 0) {
    if (names.length > 0) {
      predicate.some.push({ is: "object", entries: parseEntries(operand, where, depth + 1) });
    }
    return predicate;
  }
  if (operators.length < names.length) {
    throw new FilterError(
      `the filter at ${quote(where)} mixes operators and field names: ${names.join(", ")}.`,
    );
  }
  for (const operator of operators) addOperator(predicate, operator, operand[operator], where);
  return predicate;
}

const OPERATORS = ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists"] as const;

function addOperator(predicate: Predicate, operator: string, operand: unknown, where: string): void {
  switch (operator) {
    case "$eq":
      predicate.some.push({ is: "equal", to: toOperand(operand, where) });
      return;
    case "$ne":
      predicate.none.push({ is: "equal", to: toOperand(operand, where) });
      return;
    case "$in":
      predicate.some.push({ is: "in", list: toList(operator, operand, where) });
      return;
    case "$nin":
      predicate.none.push({ is: "in", list: toList(operator, operand, where) });
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
  return operand.map((each) => toOperand(each, where));
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

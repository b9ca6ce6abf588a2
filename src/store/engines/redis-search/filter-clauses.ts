import type { Predicate, Test } from "../../filter/predicate.js";
import { existsToken, manyNumbersToken, UNDESCRIBED, valueToken } from "../../filter/tokens.js";
import type { Json } from "../../items/json.js";
import type { QueryParams } from "./params.js";

/** A filter as far as the index can answer it. */
export interface FilterClauses {
  /** Clauses of a query that every matching document satisfies. */
  clauses: string[];
  /** Whether the clauses say all that the filter says, so that hardly any document found fails it. */
  isExact: boolean;
}

/**
 * Translates predicates into query clauses. What the clauses find is a superset of what matches (it is tested again),
 * and it never lacks a match.
 */
export function toFilterClauses(
  predicates: readonly Predicate[],
  numericFields: readonly string[],
  params: QueryParams,
): FilterClauses {
  const result: FilterClauses = { clauses: [], isExact: true };
  for (const predicate of predicates)
    new Translation(result, numericFields, params).add(predicate, predicate.path);
  return result;
}

class Translation {
  constructor(
    private readonly result: FilterClauses,
    private readonly numericFields: readonly string[],
    private readonly params: QueryParams,
  ) {}

  add(predicate: Predicate, path: string): void {
    if (predicate.exists === true) this.require([existsToken(path)]);
    if (predicate.exists === false) this.exclude([existsToken(path)]);
    for (const test of predicate.none) {
      const tokens = equalityTokens(path, test);
      if (tokens) this.exclude(tokens);
      else this.result.isExact = false;
    }
    for (const test of predicate.some) this.addTest(test, path);
    if (predicate.some.length > 1) this.result.isExact = false; // all have to hold for one element of an array
  }

  private addTest(test: Test, path: string): void {
    if (test.is === "object") {
      this.result.isExact = false;
      for (const entry of test.entries) {
        // One element has to match all entries. What must be absent from it may be there in another element.
        const { exists, some } = entry;
        this.add({ path: "", some, none: [], exists: exists || undefined }, `${path}.${entry.path}`);
      }
      return;
    }
    if (test.is === "range") {
      if (typeof test.bound === "number" && this.numericFields.includes(path)) {
        this.requireNumber(path, test.operator, test.bound);
        return;
      }
      this.require([existsToken(path)]);
      this.result.isExact = false;
      return;
    }
    const tokens = equalityTokens(path, test);
    if (tokens) {
      this.require(tokens);
      return;
    }
    this.require([existsToken(path)]);
    this.result.isExact = false;
  }

  private require(tokens: readonly string[]): void {
    this.result.clauses.push(`@paths:{${this.union([...tokens, UNDESCRIBED])}}`);
  }

  private exclude(tokens: readonly string[]): void {
    if (tokens.length > 0) this.result.clauses.push(`-@paths:{${this.union(tokens)}}`);
  }

  private requireNumber(path: string, operator: string, bound: number): void {
    const $bound = Number.isFinite(bound) ? this.params.add(String(bound)) : bound > 0 ? "+inf" : "-inf";
    const range = {
      $gt: `[(${$bound} +inf]`,
      $gte: `[${$bound} +inf]`,
      $lt: `[-inf (${$bound}]`,
      $lte: `[-inf ${$bound}]`,
    }[operator];
    const field = `number${this.numericFields.indexOf(path)}`;
    const others = this.union([manyNumbersToken(path), UNDESCRIBED]);
    this.result.clauses.push(`(@${field}:${range} | @paths:{${others}})`);
  }

  private union(tokens: readonly string[]): string {
    return tokens.map((token) => this.params.add(token)).join("|");
  }
}

/** The tokens of which a matching document has one; `undefined` when an operand is no scalar. */
function equalityTokens(path: string, test: Test): string[] | undefined {
  const operands = test.is === "equal" ? [test.to] : test.is === "in" ? test.list : undefined;
  if (!operands?.every(isScalar)) return undefined;
  return operands.map((operand) => valueToken(path, operand));
}

function isScalar(value: Json): value is null | boolean | number | string {
  return typeof value !== "object" || value === null;
}

import type { PathPredicate, Predicate, RangeOperator, Test } from "../../filter/predicate.js";
import {
  existsToken,
  hasValueToken,
  manyNumbersToken,
  UNDESCRIBED,
  valueToken,
} from "../../filter/tokens.js";
import type { ItemCodec } from "../../items/item-codec.js";
import type { QueryParams } from "./params.js";

/** A filter as far as the index can answer it. */
export interface FilterClauses {
  /** Clauses of a query that every matching document satisfies. */
  clauses: string[];
  /** Whether the clauses say all that the filter says, so that hardly any document found fails it. */
  isExact: boolean;
}

/** How an index describes items. */
export interface FilterIndex {
  readonly numericFields: readonly string[];
  readonly codec: Pick<ItemCodec, "forms">;
}

/** Alternatives within alternatives deeper than this are tested afterwards: parsers of queries have small stacks. */
const DEEPEST_ALTERNATIVES = 10;

/**
 * Translates predicates into query clauses. What the clauses find is a superset of what matches (it is tested again),
 * and it never lacks a match.
 */
export function toFilterClauses(
  predicates: readonly Predicate[],
  index: FilterIndex,
  params: QueryParams,
): FilterClauses {
  return new Translation(index, params).addAll(predicates);
}

/** Where the predicates stand that are translated. */
interface Place {
  /** What their paths begin with. */
  base: string;
  /** They are asked of one element of an array, perhaps: what must be absent from it may be there in another. */
  ofElement: boolean;
  /** In how many alternatives they are. */
  depth: number;
}

class Translation implements FilterClauses {
  readonly clauses: string[] = [];
  isExact = true;

  constructor(
    private readonly index: FilterIndex,
    private readonly params: QueryParams,
    private readonly place: Place = { base: "", ofElement: false, depth: 0 },
  ) {}

  addAll(predicates: readonly Predicate[]): this {
    for (const predicate of predicates) {
      if ("anyOf" in predicate) this.addAlternatives(predicate.anyOf);
      else this.add(predicate);
    }
    return this;
  }

  private within(place: Partial<Place>): Translation {
    return new Translation(this.index, this.params, { ...this.place, ...place });
  }

  private add({ path: own, some, none, exists }: PathPredicate): void {
    const path = this.place.base + own;
    if (exists === true) this.require([existsToken(path)]);
    if (!this.place.ofElement) {
      if (exists === false) this.exclude([existsToken(path)]);
      for (const tests of none) this.addNone(tests, path);
    }
    for (const test of some) this.addTest(test, path);
    if (some.length > 1) this.isExact = false; // all have to hold for one element of an array
  }

  private addAlternatives(lists: readonly Predicate[][]): void {
    const depth = this.place.depth + 1;
    if (depth > DEEPEST_ALTERNATIVES) {
      this.isExact = false;
      return;
    }
    const alternatives = lists.map((list) => this.within({ depth }).addAll(list));
    if (!alternatives.every(({ isExact }) => isExact)) this.isExact = false;
    if (alternatives.length === 0) this.require([]);
    else if (alternatives.every(({ clauses }) => clauses.length > 0)) {
      this.clauses.push(`(${alternatives.map(({ clauses }) => `(${clauses.join(" ")})`).join(" | ")})`);
    }
  }

  private addTest(test: Test, path: string): void {
    if (test.is === "object") {
      this.isExact = false;
      if (test.entries.length === 0) this.require([existsToken(path)]);
      const { clauses } = this.within({ base: `${path}.`, ofElement: true }).addAll(test.entries);
      this.clauses.push(...clauses);
      return;
    }
    if (test.is === "range") {
      const range = this.numberClause(path, test);
      if (range) {
        this.clauses.push(`(${range} | ${this.having([manyNumbersToken(path)])})`);
        return;
      }
    }
    const tokens = equalityTokens(path, test);
    if (!tokens) this.isExact = false;
    this.require(tokens ?? [existsToken(path)]);
  }

  private addNone(tests: readonly Test[], path: string): void {
    const [test] = tests;
    const range = tests.length === 1 && test?.is === "range" && this.numberClause(path, test);
    const tokens = tests.length === 1 && test && equalityTokens(path, test);
    if (range) this.clauses.push(`-${range}`);
    else if (tokens) this.exclude(tokens);
    else this.isExact = false;
  }

  private require(tokens: readonly string[]): void {
    this.clauses.push(this.having(tokens));
  }

  private exclude(tokens: readonly string[]): void {
    if (tokens.length > 0) this.clauses.push(`-@paths:{${this.toParams(tokens).join("|")}}`);
  }

  /** The clause of documents with one number at the path, which is in the range; `undefined` when it is not indexed. */
  private numberClause(
    path: string,
    { operator, bound }: { operator: RangeOperator; bound: number | string },
  ): string | undefined {
    const { numericFields } = this.index;
    if (typeof bound !== "number" || !numericFields.includes(path)) return undefined;
    const $bound = Number.isFinite(bound) ? this.params.add(String(bound)) : bound > 0 ? "+inf" : "-inf";
    const range = {
      $gt: `[(${$bound} +inf]`,
      $gte: `[${$bound} +inf]`,
      $lt: `[-inf (${$bound}]`,
      $lte: `[-inf ${$bound}]`,
    }[operator];
    return `@number${numericFields.indexOf(path)}:${range}`;
  }

  /** The clause of documents that have one of these tokens, or are not described by tokens. */
  private having(tokens: readonly string[]): string {
    return `@paths:{${[...this.toParams(tokens), this.params.add(UNDESCRIBED)].join("|")}}`;
  }

  /** All forms of the tokens as parameters. */
  private toParams(tokens: readonly string[]): string[] {
    return tokens
      .flatMap((token) => this.index.codec.forms("token", token))
      .map((form) => this.params.add(form));
  }
}

/** Longer lists are tested afterwards: each of their values would make a query longer. */
const LONGEST_LIST = 1_000;

/** The tokens of which a matching document has one; `undefined` when there are none for an operand, or too many. */
function equalityTokens(path: string, test: Test): string[] | undefined {
  const operands = test.is === "equal" ? [test.to] : test.is === "in" ? test.list : undefined;
  if (!operands || operands.length > LONGEST_LIST || !operands.every(hasValueToken)) return undefined;
  return operands.map((operand) => valueToken(path, operand));
}

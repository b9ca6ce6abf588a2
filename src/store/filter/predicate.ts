import type { Json } from "../items/json.js";

/** What is asked of one value. */
export type Test =
  | { is: "equal"; to: Json }
  | OneOf
  | { is: "range"; operator: RangeOperator; bound: number | string }
  | { is: "prefix"; prefix: string }
  | { is: "object"; entries: Predicate[] };

/** It is equal to one of these. */
export interface OneOf {
  is: "in";
  list: readonly Json[];
  /** Those of the list that can be looked up, and all others: objects, arrays, bytes. */
  scalars: ReadonlySet<Json | undefined>;
  others: readonly Json[];
}

export function oneOf(list: readonly Json[]): OneOf {
  const others = list.filter((each) => typeof each === "object" && each !== null);
  return { is: "in", list, scalars: new Set(list), others };
}

export type RangeOperator = "$gt" | "$gte" | "$lt" | "$lte";

/** What is asked of an item's value. A filter is a list of predicates, all of which have to hold. */
export type Predicate = PathPredicate | Alternatives;

/** What is asked of the values that a path leads to. */
export interface PathPredicate {
  /** Property names joined by dots; arrays on the way are entered. */
  path: string;
  /** There is one value for which all of these hold; nothing is asked when there are none. */
  some: Test[];
  /** There is no value for which all tests of one of these groups hold. */
  none: Test[][];
  /** Whether the path leads to anything, `null` included. */
  exists?: boolean;
}

/** All predicates of one of these lists hold. Without lists nothing matches. */
export interface Alternatives {
  anyOf: Predicate[][];
}

/** Predicates that hold where one of these lists does. */
export function anyOf(lists: readonly Predicate[][]): Predicate[] {
  const flat = lists.flatMap((list) => {
    const [only] = list;
    return list.length === 1 && only && "anyOf" in only ? only.anyOf : [list];
  });
  const [only] = flat;
  return flat.length === 1 && only ? only : [{ anyOf: flat }];
}

/** Predicates that hold where these do not. There is no negation in what comes of it: none and exists express it. */
export function not(predicates: readonly Predicate[]): Predicate[] {
  return anyOf(
    predicates.flatMap((predicate): Predicate[][] => {
      if ("anyOf" in predicate) return [predicate.anyOf.flatMap(not)];
      const { path, some, none, exists } = predicate;
      return [
        ...(exists === undefined ? [] : [[{ path, some: [], none: [], exists: !exists }]]),
        ...(some.length === 0 ? [] : [[{ path, some: [], none: [some] }]]),
        ...none.map((group) => [{ path, some: group, none: [] }]),
      ];
    }),
  );
}

/** Whether these predicates hold for any value whatever: nothing is asked. */
export function holdAlways(predicates: readonly Predicate[]): boolean {
  return predicates.every((predicate) => {
    if ("anyOf" in predicate) return predicate.anyOf.some(holdAlways);
    const { some, none, exists } = predicate;
    return some.length === 0 && exists === undefined && none.every((group) => group.some(holdsNever));
  });
}

/** Whether no value passes a test: none is in an empty list. */
function holdsNever(test: Test): boolean {
  return test.is === "in" && test.scalars.size === 0 && test.others.length === 0;
}

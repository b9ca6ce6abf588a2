type Json = unknown;

/** An item as the model holds it. */
export interface ModelItem {
  namespace: string[];
  key: string;
  value: Record<string, Json>;
  /** Which of its texts are embedded: those of the store, none, or some. */
  index?: false | string[] | undefined;
  /** When it expires, in milliseconds: between these. */
  expires?: readonly [number, number] | undefined;
}

/** What a store should hold, kept in the plainest way. */
export class Oracle {
  private readonly items = new Map<string, ModelItem>();

  put(item: ModelItem): void {
    const { namespace, key, value } = item;
    this.items.set(JSON.stringify([namespace, key]), { ...item, value: structuredClone(value) });
  }

  delete(namespace: string[], key: string): void {
    this.items.delete(JSON.stringify([namespace, key]));
  }

  get(namespace: string[], key: string): ModelItem | undefined {
    return this.items.get(JSON.stringify([namespace, key]));
  }

  under(path: string[], filter: Record<string, Json> = {}): ModelItem[] {
    return [...this.items.values()].filter(
      ({ namespace, value }) =>
        JSON.stringify(namespace.slice(0, path.length)) === JSON.stringify(path) && satisfies(value, filter),
    );
  }

  /** @returns how many items there were. */
  deleteUnder(path: string[], filter: Record<string, Json> = {}): number {
    const gone = this.under(path, filter);
    for (const { namespace, key } of gone) this.delete(namespace, key);
    return gone.length;
  }

  namespaces(): string[][] {
    return [...new Set([...this.items.values()].map(({ namespace }) => JSON.stringify(namespace)))].map(
      (text) => JSON.parse(text),
    );
  }
}

/** Another reading of the table of filter semantics than the library's: every path of the value is spelled out. */
export function satisfies(value: Json, filter: Record<string, Json>): boolean {
  const spelled: [string, Json][] = [];
  spell(value, undefined, spelled);
  const holds = (each: Json) => satisfies(value, each as Record<string, Json>);
  return Object.entries(filter).every(([path, operand]) => {
    if (path === "$or") return (operand as Json[]).some(holds);
    if (path === "$and") return (operand as Json[]).every(holds);
    if (path === "$not") return !holds(operand);
    const values = spelled.filter(([each]) => each === path).map(([, each]) => each);
    return fits(values, operand);
  });
}

const NO_BOUND: Record<string, number> = { $gt: -Infinity, $gte: -Infinity, $lt: Infinity, $lte: Infinity };

/** Whether the values that a path leads to satisfy what follows the path in a filter. */
function fits(values: Json[], operand: Json): boolean {
  const asked = Object.entries(isOperators(operand) ? operand : { $eq: operand });
  const bounds = asked.filter(([name]) => name in NO_BOUND);
  const needless = bounds.filter(([name, bound]) => NO_BOUND[name] === bound);
  // Beside another bound an infinite one says nothing.
  const conditions =
    bounds.length === needless.length ? asked : asked.filter((each) => !needless.includes(each));
  const positive = conditions.filter(
    ([operator]) => !["$ne", "$nin", "$exists", "$or", "$and", "$not"].includes(operator),
  );
  return (
    (positive.length === 0 ||
      values.some((each) => positive.every(([name, bound]) => compare(each, name, bound)))) &&
    conditions.every(([name, bound]) => {
      if (name === "$or") return (bound as Json[]).some((one) => fits(values, one));
      if (name === "$and") return (bound as Json[]).every((one) => fits(values, one));
      if (name === "$not") return !fits(values, bound);
      if (name === "$ne") return !values.some((each) => same(each, bound));
      if (name === "$nin") return !values.some((each) => (bound as Json[]).some((one) => same(each, one)));
      if (name === "$exists") return values.length > 0 === bound;
      return true;
    })
  );
}

function isOperators(operand: Json): operand is Record<string, Json> {
  return typeof operand === "object" && operand !== null && !Array.isArray(operand);
}

function compare(value: Json, operator: string, bound: Json): boolean {
  if (operator === "$eq") return same(value, bound);
  if (operator === "$in") return (bound as Json[]).some((one) => same(value, one));
  if (operator === "$startsWith") return typeof value === "string" && value.indexOf(bound as string) === 0;
  if (typeof value !== typeof bound) return false;
  const [a, b] = [value as number, bound as number];
  return { $gt: a > b, $gte: a >= b, $lt: a < b, $lte: a <= b }[operator] === true;
}

function same(a: Json, b: Json): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function spell(value: Json, path: string | undefined, into: [string, Json][]): void {
  if (path !== undefined) into.push([path, value]);
  if (Array.isArray(value)) for (const each of value) spell(each, path, into);
  else if (typeof value === "object" && value !== null) {
    for (const [name, each] of Object.entries(value))
      spell(each, path === undefined ? name : `${path}.${name}`, into);
  }
}

/** Items as comparable texts, in an order of their own. */
export function named(items: readonly Pick<ModelItem, "namespace" | "key" | "value">[]): string[] {
  return items.map(({ namespace, key, value }) => JSON.stringify([namespace, key, sorted(value)])).sort();
}

/** Namespaces as comparable texts. */
export function texts(namespaces: readonly string[][]): string[] {
  return namespaces.map((each) => JSON.stringify(each)).sort();
}

/** JSON data with the properties of objects in one order. */
export function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.entries(value)
    .map(([name, each]) => [name, sorted(each)])
    .sort();
}

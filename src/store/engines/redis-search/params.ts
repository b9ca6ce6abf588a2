import type { Arg } from "../../../redis/command.js";

/**
 * The parameters of one query. Values reach a query only through here, by name: nothing that a user gave is ever part
 * of a query's text.
 */
export class QueryParams {
  private readonly values: Arg[] = [];

  /** Adds a value and gives back how the query refers to it. */
  add(value: Arg): string {
    this.values.push(value);
    return `$p${this.values.length}`;
  }

  /** Adds them to the arguments of a search command: `PARAMS n name value ...`. */
  addTo(args: Arg[]): void {
    if (this.values.length === 0) return;
    args.push("PARAMS", String(this.values.length * 2));
    for (const [at, value] of this.values.entries()) args.push(`p${at + 1}`, value);
  }

  /** By name, for people to read; bytes stay bytes. */
  toRecord(): Record<string, Arg> {
    return Object.fromEntries(this.values.map((value, at) => [`p${at + 1}`, value]));
  }
}

import Table from "cli-table3";
import { type Io, write } from "../io.js";
import { type Colors, Paint } from "./paint.js";

export type { Colors } from "./paint.js";

/**
 * Prints tables and texts for people, JSON for programs: without what a terminal would act upon, whatever the texts hold.
 * In JSON such characters are escapes.
 */
export class Printer {
  readonly colors: Colors;
  readonly #paint: Paint;
  readonly isTerminal: boolean;

  /** @param isJson whether `--json` was given: then nothing but JSON goes to the standard output. */
  constructor(
    private readonly io: Io,
    readonly isJson: boolean,
  ) {
    this.isTerminal = io.stdout.isTTY === true;
    this.#paint = new Paint(this.isTerminal && !isJson && !io.env.NO_COLOR && io.env.TERM !== "dumb");
    this.colors = this.#paint.colors;
  }

  get width(): number {
    return this.io.stdout.columns ?? 120;
  }

  line(text = ""): Promise<void> {
    return write(this.io.stdout, `${this.#paint.finish(text)}\n`);
  }

  /** For people, beside the output: what is not part of the answer. */
  note(text: string): Promise<void> {
    return write(this.io.stderr, `${this.#paint.finish(text)}\n`);
  }

  /** A value as one JSON document: on a terminal on several lines. */
  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value, undefined, this.isTerminal ? 2 : undefined));
  }

  /** The same on one line, as one of many. */
  jsonLine(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }

  /** Rows below their headings, in columns. */
  table(
    head: readonly string[],
    rows: readonly (readonly string[])[],
    right: readonly number[] = [],
  ): Promise<void> {
    const table = new Table({
      head: head.some((name) => name !== "") ? head.map((name) => this.colors.dim(name)) : [],
      colAligns: head.map((_, at) => (right.includes(at) ? "right" : "left")),
      style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 2 },
      chars: NO_BORDERS,
    });
    table.push(...rows.map((row) => row.map((cell) => this.#paint.cell(cell))));
    const lines = table.toString().split("\n");
    return this.line(lines.map((line) => line.trimEnd()).join("\n"));
  }
}

const NO_BORDERS = Object.fromEntries(
  [
    ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
    ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
  ].map((name) => [name, ""]),
);

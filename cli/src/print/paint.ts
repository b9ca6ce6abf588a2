import { randomInt } from "node:crypto";
import { createColors } from "picocolors";
import { clean, cleanLine } from "./format.js";

const NAMES = ["bold", "dim", "red", "green", "yellow", "cyan", "magenta"] as const;

export type Colors = Record<(typeof NAMES)[number], (text: string) => string>;

/**
 * Colours that can be told from those in the data: their codes hold a number that nobody else knows until they are printed.
 * So everything that is printed for people is cleaned at once, and no part of it has to be.
 */
export class Paint {
  readonly colors: Colors;
  readonly #mark = Array.from({ length: 4 }, () => randomInt(1_000, 10_000)).join(";");
  readonly #codes = new RegExp(`\u001b\\[(\\d+);${this.#mark}m`);

  /** @param isOn whether there are colours. */
  constructor(isOn: boolean) {
    const plain = createColors(isOn);
    const marked = (code: string) => code.replace("m", `;${this.#mark}m`);
    this.colors = Object.fromEntries(
      NAMES.map((name) => {
        const [begin = "", end = ""] = plain[name]("\n").split("\n");
        return [name, (text: string) => `${marked(begin)}${text}${marked(end)}`];
      }),
    ) as Colors;
  }

  /** The text with its colours, and without anything else that a terminal would act upon. */
  finish(text: string): string {
    return this.#mapTexts(text, clean, (code) => `\u001b[${code}m`);
  }

  /** A text for one line, to be finished. */
  cell(text: string): string {
    return this.#mapTexts(text, cleanLine, (code) => `\u001b[${code};${this.#mark}m`);
  }

  #mapTexts(text: string, ofText: (text: string) => string, ofCode: (code: string) => string): string {
    // Every second part is a code.
    const parts = text.split(this.#codes);
    return parts.map((part, at) => (at % 2 === 0 ? ofText(part) : ofCode(part))).join("");
  }
}

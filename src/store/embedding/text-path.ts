import { formatValue, InvalidInputError } from "../../errors.js";
import { isObject, type Json } from "../json.js";

type Token = { property: string } | { element: number } | { every: true };

/**
 * Where in a value the texts are that get embedded: `title`, `meta.title`, `chapters[*].content`, `authors[0].name`,
 * `tags[-1]`, or `$` for the whole value.
 */
export class TextPath {
  private constructor(
    readonly source: string,
    private readonly tokens: readonly Token[],
  ) {}

  /** @throws {InvalidInputError} when the path cannot be read. */
  static parse(source: unknown): TextPath {
    if (typeof source !== "string" || source === "") {
      throw new InvalidInputError(`a field to embed must be a non-empty string, got ${formatValue(source)}.`);
    }
    if (source === "$") return new TextPath(source, []);
    const tokens: Token[] = [];
    const pattern = /(?:^|(?<!^)\.)([^.[\]]+)|\[(\*|-?\d+)\]/y;
    const path = source.startsWith("$.")
      ? source.slice(2)
      : source.startsWith("$[")
        ? source.slice(1)
        : source;
    while (pattern.lastIndex < path.length) {
      const match = pattern.exec(path);
      if (!match) {
        throw new InvalidInputError(
          `cannot read the field ${formatValue(source)}. Examples: "title", "meta.title", "chapters[*].content", "tags[-1]", "$".`,
        );
      }
      const [, property, index] = match;
      if (property !== undefined) tokens.push({ property });
      else if (index === "*") tokens.push({ every: true });
      else tokens.push({ element: Number(index) });
    }
    return new TextPath(source, tokens);
  }

  /** Whether the path can lead to several texts. */
  get isMultiple(): boolean {
    return this.tokens.some((token) => "every" in token);
  }

  /** The texts that the path leads to, in order; blank ones are left out. */
  extract(value: Json): string[] {
    let reached: (Json | undefined)[] = [value];
    for (const token of this.tokens) reached = reached.flatMap((each) => follow(each, token));
    return reached
      .map((each) => (each === undefined ? "" : toText(each)))
      .filter((text) => text.trim() !== "");
  }
}

function follow(value: Json | undefined, token: Token): (Json | undefined)[] {
  if (!isObject(value)) return [];
  if ("property" in token) {
    return !Array.isArray(value) && Object.hasOwn(value, token.property) ? [value[token.property]] : [];
  }
  if (!Array.isArray(value)) return [];
  return "every" in token ? value : [value.at(token.element)];
}

/** Extracts the distinct texts of several paths, in order. */
export function extractTexts(value: Json, paths: readonly TextPath[]): string[] {
  return [...new Set(paths.flatMap((path) => path.extract(value)))];
}

/**
 * The text of a value. Scalars are written as they are. Objects and arrays become one line `path: scalar` for each
 * scalar in them, properties in alphabetical order, so that equal values have equal texts; `null` and bytes have no
 * text.
 */
export function toText(value: Json): string {
  if (value === null || value instanceof Uint8Array) return "";
  if (!isObject(value)) return String(value);
  const lines: string[] = [];
  addLines(value, "", lines);
  return lines.join("\n");
}

function addLines(value: Json, path: string, lines: string[]): void {
  if (value === null || value instanceof Uint8Array) return;
  if (!isObject(value)) {
    lines.push(`${path}: ${value}`);
  } else if (Array.isArray(value)) {
    for (const element of value) addLines(element, path, lines);
  } else {
    for (const name of Object.keys(value).sort()) {
      addLines(value[name] as Json, path === "" ? name : `${path}.${name}`, lines);
    }
  }
}

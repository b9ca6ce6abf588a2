import { describe, quote } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import { isObject, type Json } from "../items/json.js";

type Token =
  | { property: string }
  | { element: number }
  /** All elements of an array: `[*]`. */
  | { elements: true }
  /** All elements of an array, or all values of an object: `*`. */
  | { children: true }
  /** Several paths of property names: `{title,meta.title}`. */
  | { paths: readonly (readonly string[])[] };

const EXAMPLES =
  'Examples: "title", "meta.title", "meta.*", "{title,meta.title}", "chapters[*].content", "tags[-1]", "$".';

/** A name or an asterisk behind a dot, an index in brackets, or several paths in braces. */
const TOKEN = /(?:^|(?<!^)\.)([^.[\]{}]+)|\[(\*|-?\d+)\]|(?:^|(?<!^)\.|(?<=[^.]))\{([^[\]{}]*)\}/y;

/**
 * Where in a value the texts are that get embedded, in LangGraph's notation: `title`, `meta.title`, `meta.*`,
 * `{title,meta.title}`, `chapters[*].content`, `authors[0].name`, `tags[-1]`, or `$` for the whole value.
 */
export class FieldPath {
  private constructor(
    readonly source: string,
    private readonly tokens: readonly Token[],
  ) {}

  /** @throws {InvalidInputError} when the path cannot be read. */
  static parse(source: unknown): FieldPath {
    if (typeof source !== "string" || source === "") {
      throw new InvalidInputError(`a field to embed must be a non-empty string, got ${describe(source)}.`);
    }
    if (source === "$") return new FieldPath(source, []);
    const tokens: Token[] = [];
    const path = source.startsWith("$.")
      ? source.slice(2)
      : source.startsWith("$[")
        ? source.slice(1)
        : source;
    for (let from = 0; from < path.length; from = TOKEN.lastIndex) {
      TOKEN.lastIndex = from;
      const match = TOKEN.exec(path);
      const token = match && toToken(match);
      if (!token) throw new InvalidInputError(`cannot read the field ${quote(source)}. ${EXAMPLES}`);
      if ("paths" in token && TOKEN.lastIndex < path.length) {
        throw new InvalidInputError(
          `cannot read the field ${quote(source)}: nothing can follow braces. Write the paths out within them.`,
        );
      }
      tokens.push(token);
    }
    return new FieldPath(source, tokens);
  }

  /** Whether the path can lead to several texts. */
  get isMultiple(): boolean {
    return this.tokens.some((token) => "elements" in token || "children" in token || "paths" in token);
  }

  /** The texts that the path leads to, in order; blank ones are left out. */
  extract(value: Json): string[] {
    return this.reach(value)
      .map(toText)
      .filter((text) => text.trim() !== "");
  }

  /** The values that the path leads to, in order. */
  reach(value: Json): Json[] {
    let reached: (Json | undefined)[] = [value];
    for (const token of this.tokens) reached = reached.flatMap((each) => follow(each, token));
    return reached.filter((each) => each !== undefined);
  }
}

function toToken([, property, index, braces]: RegExpExecArray): Token | undefined {
  if (property !== undefined) return property === "*" ? { children: true } : { property };
  if (index !== undefined) return index === "*" ? { elements: true } : { element: Number(index) };
  const paths = (braces ?? "").split(",").map((path) => path.trim().split("."));
  // Within braces there are names only.
  return paths.flat().some((name) => name === "" || name === "*") ? undefined : { paths };
}

function follow(value: Json | undefined, token: Token): (Json | undefined)[] {
  if (!isObject(value)) return [];
  if ("property" in token) return [child(value, token.property)];
  if ("paths" in token) return token.paths.map((names) => names.reduce<Json | undefined>(child, value));
  if ("children" in token) return Object.values(value);
  if (!Array.isArray(value)) return [];
  return "elements" in token ? value : [value.at(token.element)];
}

/** The value of a property, or the element of an array at a position that is written like one. */
function child(value: Json | undefined, name: string): Json | undefined {
  if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
  return Array.isArray(value) ? (/^\d+$/.test(name) ? value[Number(name)] : undefined) : value[name];
}

/** Extracts the distinct texts of several paths, in order. */
export function extractTexts(value: Json, paths: readonly FieldPath[]): string[] {
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

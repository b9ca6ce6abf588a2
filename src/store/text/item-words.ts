import type { FieldPath } from "../embedding/field-path.js";
import { isObject, type Json } from "../items/json.js";
import { MOST_CHARACTERS, wordsOf } from "./words.js";

/**
 * The words of an item, each as often as it is there: of all strings that the paths lead to, and of none of the names of
 * properties. The first hundred thousand characters of them count.
 */
export function itemWords(value: Json, paths: readonly FieldPath[]): string[] {
  const texts = new Set<string>();
  for (const path of paths) for (const reached of path.reach(value)) addStrings(reached, texts);
  const words: string[] = [];
  let left = MOST_CHARACTERS;
  for (const text of texts) {
    if (left <= 0) break;
    for (const word of wordsOf(text.slice(0, left))) words.push(word);
    left -= text.length;
  }
  return words;
}

function addStrings(value: Json, texts: Set<string>): void {
  if (typeof value === "string") texts.add(value);
  else if (isObject(value)) for (const each of Object.values(value)) addStrings(each, texts);
}

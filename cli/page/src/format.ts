/** How things are written on the page. */

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function bytes(count: number | undefined): string {
  if (count === undefined) return "–";
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

const NUMBER = new Intl.NumberFormat("en");

export function count(value: number, one: string, many: string): string {
  return `${NUMBER.format(value)} ${value === 1 ? one : many}`;
}

export const number = (value: number) => NUMBER.format(value);

const pad = (value: number, width = 2) => String(value).padStart(width, "0");

/** Date and time of this browser's zone, in an order that sorts. */
export function dateTime(iso: string | undefined): string {
  const date = iso === undefined ? undefined : new Date(iso);
  // A checkpoint may have any text as its time.
  if (date === undefined || Number.isNaN(date.getTime()))
    return iso === undefined ? "–" : visible(beginning(iso, 100));
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${time(iso)}`;
}

export function time(iso: string | undefined): string {
  const date = iso === undefined ? undefined : new Date(iso);
  if (date === undefined || Number.isNaN(date.getTime())) return "";
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

const AGES: readonly [seconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** "3 min. ago", "in 2 hr." */
export function relative(iso: string | undefined, now = Date.now()): string {
  const at = iso === undefined ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(at)) return "–";
  const seconds = (at - now) / 1000;
  const [size, unit] = AGES.find(([size]) => Math.abs(seconds) >= size) ?? [1, "second"];
  return RELATIVE.format(Math.round(seconds / size), unit);
}

/** Characters that are not seen, or that change the direction of the text around them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are made visible
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** An id, key or name on one line, in which nothing is hidden: characters that are not seen are written as `\u202e`. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u${pad16(character)}`);
}

const pad16 = (character: string) => character.charCodeAt(0).toString(16).padStart(4, "0");

/** The first characters of a long text, never half of a surrogate pair. */
export function beginning(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = /[\ud800-\udbff]/.test(text[length - 1] ?? "") ? length - 1 : length;
  return text.slice(0, cut);
}

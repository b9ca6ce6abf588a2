/** 1536 as "1.5 kB". */
export function formatBytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let size = count;
  let unit = -1;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

/** 12345 as "12,345". */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** An ISO 8601 time as people read it, in UTC: "2026-11-21 20:15:00". */
export function formatTime(iso: string): string {
  return iso.replace("T", " ").replace(/(\.\d+)?Z$/, "");
}

/** Text from the data, without what a terminal would act upon. */
export function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals act upon them
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** The same on one line. */
export function cleanLine(text: string): string {
  return clean(text.replace(/\r?\n/g, "⏎").replace(/\t/g, " "));
}

/** The beginning of a text, when it is longer. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}

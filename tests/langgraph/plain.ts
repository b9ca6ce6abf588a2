/** Any value as JSON that shows what it is: bytes, errors and `undefined` too. */
export function toPlain(value: unknown): unknown {
  return walk(value, []);
}

function walk(value: unknown, path: unknown[]): unknown {
  if (value === undefined) return "<undefined>";
  if (typeof value === "function") return "<function>";
  if (typeof value === "bigint") return `<bigint ${value}>`;
  if (typeof value === "number" && !Number.isFinite(value)) return `<${value}>`;
  if (typeof value !== "object" || value === null) return value;
  if (path.includes(value)) return "<circle>";
  const inside = [...path, value];
  if (value instanceof Uint8Array) {
    return { bytes: Buffer.from(value).toString("base64"), of: value.constructor.name };
  }
  if (value instanceof Error) return { error: value.name, message: value.message };
  if (value instanceof Map) return { map: [...value].map((entry) => walk(entry, inside)) };
  if (value instanceof Set) return { set: [...value].map((entry) => walk(entry, inside)) };
  if (Array.isArray(value)) return value.map((each) => walk(each, inside));
  if ("toJSON" in value && typeof value.toJSON === "function") return walk(value.toJSON(), inside);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each, inside)]));
}

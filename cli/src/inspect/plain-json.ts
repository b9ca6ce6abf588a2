/**
 * Whether a value is exactly what it is as JSON: written, edited and read again, nothing of it is lost. Bytes, maps,
 * messages and the like are not: they are only described.
 */
export function isPlainJson(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return value === null || isPlainObject(value);
    default:
      return false;
  }
}

function isPlainObject(value: object): boolean {
  // A hole of a list is read as undefined, which JSON does not have.
  if (Array.isArray(value)) return Array.from(value as unknown[]).every(isPlainJson);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  // Those who check the shape of JSON leave this name out.
  return !Object.hasOwn(value, "__proto__") && Object.values(value).every(isPlainJson);
}

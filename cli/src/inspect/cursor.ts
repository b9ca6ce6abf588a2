import { UsageError } from "../errors.js";
import type { Json } from "./types.js";

/** Where a page ends, as text that goes into a URL and onto a command line. */
export function toCursor(place: Json): string {
  return Buffer.from(JSON.stringify(place), "utf8").toString("base64url");
}

/** @throws {UsageError} when it is none that {@link toCursor} made. */
export function fromCursor<Place extends Json>(
  cursor: string,
  isPlace: (place: Json) => place is Place,
): Place {
  try {
    const place = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")) as Json;
    if (isPlace(place)) return place;
  } catch {
    // Whatever it is, it is none of ours.
  }
  throw new UsageError("the cursor is none that a page before gave.");
}

import { type Part, runParts } from "../part.js";
import { core } from "./core.js";
import { encryption } from "./encryption.js";
import { memory } from "./memory.js";
import { namespaces } from "./namespaces.js";
import { newest } from "./newest.js";
import { recall } from "./recall.js";
import { roundTrips } from "./round-trips.js";
import { searches } from "./searches.js";
import { writes } from "./writes.js";

const PARTS: readonly Part[] = [
  searches,
  recall,
  writes,
  memory,
  newest,
  core,
  namespaces,
  roundTrips,
  encryption,
];

/** Searches, writes and listings, each against the plain Redis commands for the same. */
export function run(names: readonly string[]): Promise<void> {
  return runParts({ name: "store", title: "Store: what it costs", search: true, parts: PARTS }, names);
}

/** UUIDs; LangGraph's ids of interrupts, hashes of a task's id; deepagents' ids of sessions. */
const ID =
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b|session_[0-9a-f]{8}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/**
 * Makes the records of two runs comparable. What differs from run to run is
 * - ids (of messages, calls, runs, tasks, checkpoints, interrupts): random, or hashes of random ones, or made of the
 *   time. They are numbered in the order in which they are met, so that two records are equal only if an id stands at
 *   the same places in both;
 * - times, which become "<time>";
 * - the order in which parallel tasks finish: events of one step, and namespaces, are sorted;
 * - the order of answers to several questions: it is that of the tasks' random ids.
 */
export function comparable(record: unknown): unknown {
  return numbered(sorted(record as Json), new Map());
}

/** The text of a value without what differs from run to run. */
function masked(value: Json): string {
  return JSON.stringify(withSortedKeys(value)).replaceAll(ID, "<id>").replaceAll(TIME, "<time>");
}

function withSortedKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (typeof value !== "object" || value === null) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, withSortedKeys(value[key] as Json)]));
}

function byText(one: Json, other: Json): number {
  const [left, right] = [masked(one), masked(other)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function sorted(value: Json, key?: string): Json {
  if (Array.isArray(value)) {
    const inside = value.map((each) => sorted(each));
    if (key === "events") return inOrderOfNamespaces(inside as Event[]);
    if (key === "pendingWrites") return withSortedAnswers(inside as Write[]);
    return key === "items" || key === "namespaces" ? inside.sort(byText) : inside;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, each]): [string, Json] => [name, sorted(each, name)]);
  // Its keys are namespaces, which contain ids.
  return key === "checkpoints" ? entries.sort(byText) : Object.fromEntries(entries);
}

type Event = [namespace: string[], mode: string, payload: Json];

/** Events by namespace, as a subgraph runs at its own pace; and updates of one step sorted. */
function inOrderOfNamespaces(events: Event[]): Json {
  const groups = new Map<string, Event[]>();
  for (const event of events) {
    const namespace = event[0].join("|");
    groups.set(namespace, [...(groups.get(namespace) ?? []), event]);
  }
  return [...groups.values()].map(withSortedUpdates).sort(byText);
}

function withSortedUpdates(events: Event[]): Json[] {
  return stretches(events, ([, mode]) => mode).flatMap((step) => step.sort(byText));
}

/** A list in stretches of elements of one kind. */
function stretches<Element>(list: Element[], kindOf: (element: Element) => unknown): Element[][] {
  const all: Element[][] = [];
  for (const element of list) {
    const last = all.at(-1);
    if (last && kindOf(last[0] as Element) === kindOf(element)) last.push(element);
    else all.push([element]);
  }
  return all;
}

type Write = [taskId: string, channel: string, value: Json];

/** Writes with the answers that follow each other sorted. LangGraph gives no task path with them, so they come by id. */
function withSortedAnswers(writes: Write[]): Json[] {
  return stretches(writes, ([, channel]) => channel === "__resume__").flatMap((stretch) =>
    stretch[0]?.[1] === "__resume__" ? stretch.sort(byText) : stretch,
  );
}

function numbered(value: Json, ids: Map<string, string>): Json {
  if (typeof value === "string") {
    const number = (id: string) => {
      if (!ids.has(id)) ids.set(id, `<id ${ids.size + 1}>`);
      return ids.get(id) as string;
    };
    return value.replaceAll(ID, number).replaceAll(TIME, "<time>");
  }
  if (Array.isArray(value)) return value.map((each) => numbered(each, ids));
  if (typeof value !== "object" || value === null) return value;
  const keys = Object.keys(value).sort((one, other) => byText(one, other));
  return Object.fromEntries(
    keys.map((key) => [numbered(key, ids) as string, numbered(value[key] as Json, ids)]),
  );
}

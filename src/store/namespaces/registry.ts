import type { MatchCondition } from "@langchain/langgraph-checkpoint";
import type { PipelineEntry } from "../../redis/script.js";
import type { StoreKeys } from "../keys.js";
import type { Limits } from "../limits.js";
import { type PipelineTask, send } from "../pipeline.js";
import type { ListRequest } from "../requests.js";
import { fromRegistryMember, toRegistryMember } from "./encoding.js";

/** Lists the namespaces that hold items, in the order of the registry. Costs grow with namespaces, not with items. */
export function* listTask(keys: StoreKeys, request: ListRequest, limits: Limits): PipelineTask<string[][]> {
  const { conditions, maxDepth, limit, offset } = request;
  const prefix = literalPrefix(conditions);
  const listed = new Map<string, string[]>();
  const wanted = (namespace: string[]) => conditions.every((condition) => satisfies(condition, namespace));
  // A little more than is asked for, as some may be unwanted; then ever more at a time.
  const { registryPage: largest } = limits;
  let size = Math.min(2 * (offset + limit), largest);
  for (let from: string | undefined; limit > 0; size = Math.min(4 * size, largest)) {
    const page = yield* readRegistry(keys, prefix, from, size);
    const living = yield* livingOf(keys, page.map(fromRegistryMember).filter(wanted), limits);
    for (const namespace of living) {
      const path = namespace.slice(0, maxDepth);
      listed.set(toRegistryMember(path), path);
    }
    from = page.at(-1);
    if (page.length < size || listed.size >= offset + limit) break;
  }
  return [...listed.values()].slice(offset, offset + limit);
}

/** The namespaces at or under a path that hold items. */
export function* namespacesUnder(
  keys: StoreKeys,
  path: readonly string[],
  limits: Limits,
): PipelineTask<string[][]> {
  return yield* livingOf(keys, yield* registeredUnder(keys, path, limits), limits);
}

/** The namespaces at or under a path that are registered: some of them may hold nothing any more. */
export function* registeredUnder(
  keys: StoreKeys,
  path: readonly string[],
  { registryPage }: Limits,
): PipelineTask<string[][]> {
  const all: string[][] = [];
  for (let from: string | undefined; ; ) {
    const page = yield* readRegistry(keys, path, from, registryPage);
    all.push(...page.map(fromRegistryMember));
    from = page.at(-1);
    if (page.length < registryPage) return all;
  }
}

/** Registers namespaces. Goes before and after the writing: see {@link unregister}. */
export function registerEntry(keys: StoreKeys, namespaces: readonly (readonly string[])[]): PipelineEntry {
  const members = new Set(namespaces.map(toRegistryMember));
  return {
    key: keys.namespaces,
    args: ["ZADD", keys.namespaces, ...[...members].flatMap((each) => ["0", each])],
  };
}

/**
 * Takes namespaces that hold no items off the registry.
 *
 * Another client may put an item at the same time. It registers the namespace before it writes, so that no crash can
 * leave items in an unregistered namespace, and again after it has written. Here the namespace is looked at after it
 * was taken off: whichever way the two interleave, one of them sees the other and registers it again.
 */
export function* unregister(keys: StoreKeys, namespaces: readonly string[][]): PipelineTask<void> {
  if (namespaces.length === 0) return;
  const members = namespaces.map(toRegistryMember);
  const [removed, ...exist] = yield [
    { key: keys.namespaces, args: ["ZREM", keys.namespaces, ...members] },
    ...namespaces.map((namespace) => existsEntry(keys, namespace)),
  ];
  if (removed instanceof Error) throw removed;
  const back = namespaces.filter((_, index) => exist[index] !== 0);
  if (back.length > 0) yield* send(registerEntry(keys, back));
}

function* readRegistry(
  keys: StoreKeys,
  prefix: readonly string[],
  after: string | undefined,
  size: number,
): PipelineTask<string[]> {
  const start = toRegistryMember(prefix);
  const members = yield* send({
    key: keys.namespaces,
    args: [
      "ZRANGEBYLEX",
      keys.namespaces,
      after !== undefined ? `(${after}` : start === "" ? "-" : `[${start}`,
      // Members are ASCII: nothing that begins with the prefix is behind this.
      start === "" ? "+" : `[${start}\xff`,
      "LIMIT",
      "0",
      String(size),
    ],
  });
  return (members as Buffer[]).map(String);
}

/** Those of the namespaces that hold items; the others are taken off the registry. */
function* livingOf(
  keys: StoreKeys,
  namespaces: readonly string[][],
  { existsTogether }: Limits,
): PipelineTask<string[][]> {
  if (namespaces.length === 0) return [];
  const groups: string[][][] = [];
  for (let from = 0; from < namespaces.length; from += existsTogether)
    groups.push(namespaces.slice(from, from + existsTogether));
  const counts = yield groups.map((group) => existsEntry(keys, ...group));
  // Where one is missing, or where a cluster wants to be asked for each by itself, each is looked at.
  const unsure = groups.filter((group, at) => counts[at] !== group.length).flat();
  if (unsure.length === 0) return [...namespaces];
  const replies = yield unsure.map((namespace) => existsEntry(keys, namespace));
  const gone = new Set<string[]>();
  unsure.forEach((namespace, at) => {
    const reply = replies[at];
    if (reply instanceof Error) throw reply;
    if (reply === 0) gone.add(namespace);
  });
  yield* unregister(keys, [...gone]);
  return namespaces.filter((namespace) => !gone.has(namespace));
}

/** A namespace's own keys live exactly as long as it has items. */
function existsEntry(keys: StoreKeys, ...namespaces: readonly (readonly string[])[]): PipelineEntry {
  const all = namespaces.map((namespace) => keys.ofNamespace(namespace).items);
  return { key: all[0] as string, args: ["EXISTS", ...all] };
}

/** The labels that every listed namespace begins with, as far as the conditions name them. */
function literalPrefix(conditions: readonly MatchCondition[]): string[] {
  let longest: string[] = [];
  for (const { matchType, path } of conditions) {
    if (matchType !== "prefix") continue;
    const wildcard = path.indexOf("*");
    const literal = wildcard === -1 ? path : path.slice(0, wildcard);
    if (literal.length > longest.length) longest = literal;
  }
  return longest;
}

function satisfies({ matchType, path }: MatchCondition, namespace: readonly string[]): boolean {
  if (path.length > namespace.length) return false;
  const from = matchType === "prefix" ? 0 : namespace.length - path.length;
  return path.every((label, index) => label === "*" || label === namespace[from + index]);
}

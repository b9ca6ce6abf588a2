import type { MatchCondition } from "@langchain/langgraph-checkpoint";
import type { Reply } from "../../redis/command.js";
import { shareOf } from "../../redis/partition.js";
import { Script } from "../../redis/script.js";
import type { PartitionKeys, StoreKeys } from "../keys.js";
import type { Limits } from "../limits.js";
import { callForEach } from "../partitions.js";
import type { PipelineTask } from "../pipeline.js";
import type { ListRequest } from "../requests.js";
import { fromRegistryMember, toRegistryMember } from "./encoding.js";
import listSource from "./list.lua";

// Each partition has a registry of its namespaces. A script that puts or deletes an item updates it in the same step, so
// that a namespace is in it exactly as long as it holds items; those whose items have all expired leave it when it is read.

const LIST = new Script(listSource);

/** Lists the namespaces that hold items, in lexical order. Costs grow with namespaces, not with items. */
export function* listTask(keys: StoreKeys, request: ListRequest, limits: Limits): PipelineTask<string[][]> {
  const { conditions, maxDepth, limit, offset } = request;
  if (limit === 0) return [];
  const prefix = literalPrefix(conditions);
  const reader = new RegistryReader(keys, prefix, limits);
  const listed = new Map<string, string[]>();
  // Where namespaces can be unwanted, or several be listed as one, nobody knows how many have to be read.
  const isPlain =
    maxDepth === undefined &&
    conditions.every(({ matchType, path }) => matchType === "prefix" && path.length <= prefix.length);
  let count = isPlain ? shareOf(offset + limit) : limits.registryPage;
  while (!reader.isAtEnd && listed.size < offset + limit) {
    for (const namespace of yield* reader.next(count)) {
      if (!satisfiesAll(conditions, namespace)) continue;
      const path = namespace.slice(0, maxDepth);
      listed.set(toRegistryMember(path), path);
    }
    count *= 4;
  }
  return [...listed.values()].slice(offset, offset + limit);
}

/** The namespaces at or under a path that hold items, in lexical order. */
export function* namespacesUnder(
  keys: StoreKeys,
  path: readonly string[],
  limits: Limits,
): PipelineTask<string[][]> {
  const reader = new RegistryReader(keys, path, limits);
  const all: string[][] = [];
  while (!reader.isAtEnd) all.push(...(yield* reader.next(limits.registryPage)));
  return all;
}

/** The registry of one partition, as far as it was read. */
interface Partition {
  readonly keys: PartitionKeys;
  /** Names that were read and not yet given, in order. */
  waiting: string[];
  /** The last name that was read, "" before the first one; undefined at the end. */
  last: string | undefined;
}

/** Reads the namespaces under a path from the registries of all partitions, merged in lexical order. */
class RegistryReader {
  private readonly partitions: Partition[];
  private readonly start: string;

  constructor(
    keys: StoreKeys,
    path: readonly string[],
    private readonly limits: Limits,
  ) {
    this.start = toRegistryMember(path);
    this.partitions = keys.partitions.map((own) => ({ keys: own, waiting: [], last: "" }));
  }

  get isAtEnd(): boolean {
    return this.partitions.every(({ last, waiting }) => last === undefined && waiting.length === 0);
  }

  /** The next namespaces: as many as are known to come before all that were not read. Asks each partition for so many. */
  *next(count: number): PipelineTask<string[][]> {
    const size = Math.min(count, this.limits.registryPage);
    const short = this.partitions.filter(
      ({ last, waiting }) => last !== undefined && 2 * waiting.length <= size,
    );
    yield* this.read(short, size);
    let bound: string | undefined;
    for (const { last } of this.partitions) {
      if (last !== undefined && (bound === undefined || last < bound)) bound = last;
    }
    const ready: string[] = [];
    for (const partition of this.partitions) {
      const { waiting } = partition;
      const known = bound === undefined ? waiting.length : countUpTo(waiting, bound);
      ready.push(...waiting.slice(0, known));
      partition.waiting = waiting.slice(known);
    }
    // Names are ASCII, so that this is the order of their bytes.
    return ready.sort().map(fromRegistryMember);
  }

  private *read(partitions: readonly Partition[], count: number): PipelineTask<void> {
    const answers = yield* callForEach(partitions, this.limits, (group) => this.call(group, count));
    for (const { group, reply } of answers) receive(group, reply);
  }

  private call(partitions: readonly Partition[], count: number) {
    const { start } = this;
    const first = start === "" ? "-" : `[${start}`;
    // Names are ASCII: nothing that begins with the path is behind this.
    const to = start === "" ? "+" : `[${start}\xff`;
    return LIST.call(
      partitions.flatMap(({ keys }) => [keys.registry, keys.recent]),
      [
        ...[String(count), to],
        ...partitions.flatMap(({ keys, last }) => [keys.namespaces, last ? `(${last}` : first]),
      ],
    );
  }
}

function receive(partitions: readonly Partition[], reply: Reply): void {
  partitions.forEach((partition, at) => {
    const [last, names] = (reply as [Buffer, Buffer[]][])[at] as [Buffer, Buffer[]];
    for (const name of names) partition.waiting.push(name.toString());
    partition.last = last.length === 0 ? undefined : last.toString();
  });
}

/** How many of the names, which are in order, come before this one or are it. */
function countUpTo(names: readonly string[], bound: string): number {
  const beyond = names.findIndex((name) => name > bound);
  return beyond === -1 ? names.length : beyond;
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

/** Whether a namespace is one that a listing with these conditions asks for. */
export function satisfiesAll(conditions: readonly MatchCondition[], namespace: readonly string[]): boolean {
  return conditions.every((condition) => satisfies(condition, namespace));
}

function satisfies({ matchType, path }: MatchCondition, namespace: readonly string[]): boolean {
  if (path.length > namespace.length) return false;
  const from = matchType === "prefix" ? 0 : namespace.length - path.length;
  return path.every((label, index) => label === "*" || label === namespace[from + index]);
}

import type { Reply } from "../../redis/command.js";
import { shareOf } from "../../redis/partition.js";
import { Script } from "../../redis/script.js";
import membersSource from "../items/members.lua";
import type { PartitionKeys, StoreKeys } from "../keys.js";
import type { Limits } from "../limits.js";
import { toRegistryMember } from "../namespaces/encoding.js";
import { callForEach } from "../partitions.js";
import type { PipelineTask } from "../pipeline.js";
import newestSource from "./newest.lua";
import { comparing, type Entry } from "./order.js";

const NEWEST = new Script(membersSource, newestSource);

/** How many items the partitions of one script name together: more would block the server for long. */
const NAMED_TOGETHER = 4_000;

/** The first items of a part of the store, in order. */
export interface Answer {
  entries: Entry[];
  /** Whether these are all. */
  isComplete: boolean;
}

const compare = comparing({ by: "updatedAt", descending: true });

/**
 * The newest items in the namespaces below a path, merged from what each partition says of its own. An item never leaves its
 * partition, and each answer is of one moment, so that no item is missed or counted twice, whatever is put again meanwhile.
 */
export class NewestItems {
  /** What was said of the partitions that one script read together. */
  private answers: { partitions: readonly PartitionKeys[]; answer: Answer }[] = [];

  constructor(
    private readonly keys: StoreKeys,
    private readonly path: readonly string[],
    private readonly limits: Limits,
  ) {}

  get areNone(): boolean {
    return this.answers.every(({ answer }) => answer.entries.length === 0);
  }

  /** Asks partitions for their share of so many items, and for so many each at least. */
  *ask(
    needed: number,
    least = 1,
    partitions: readonly PartitionKeys[] = this.keys.partitions,
  ): PipelineTask<this> {
    let partitionsTogether = this.limits.partitionsTogether === 1 ? 1 : 4 * this.limits.partitionsTogether;
    const countOfEach = () =>
      Math.min(needed, Math.max(least, shareOf(needed, Math.ceil(partitions.length / partitionsTogether))));
    partitionsTogether = Math.max(
      1,
      Math.min(partitionsTogether, Math.floor(NAMED_TOGETHER / countOfEach())),
    );
    const count = countOfEach();
    const replies = yield* callForEach(partitions, { ...this.limits, partitionsTogether }, (group) =>
      this.call(group, count, needed),
    );
    for (const { group, reply } of replies)
      this.answers.push({ partitions: group, answer: decode(reply as Reply[]) });
    return this;
  }

  /** The first so many items, among them those of the path's own namespace. */
  *first(needed: number, own: Answer): PipelineTask<Answer> {
    for (;;) {
      const all = [own, ...this.answers.map(({ answer }) => answer)];
      const merged = all.flatMap(({ entries }) => entries).sort(compare);
      const last = merged[needed - 1];
      const uncertain = this.answers.filter(({ answer: { isComplete, entries } }) => {
        const end = entries.at(-1);
        return !isComplete && (!end || !last || compare(end, last) < 0);
      });
      if (uncertain.length === 0) {
        const isComplete = merged.length <= needed && all.every((each) => each.isComplete);
        return { entries: merged.slice(0, needed), isComplete };
      }
      this.answers = this.answers.filter((each) => !uncertain.includes(each));
      const asked = Math.max(...uncertain.map(({ answer }) => answer.entries.length));
      yield* this.ask(
        needed,
        2 * asked,
        uncertain.flatMap(({ partitions }) => partitions),
      );
    }
  }

  private call(partitions: readonly PartitionKeys[], count: number, needed: number) {
    const start = toRegistryMember(this.path);
    // Names are ASCII: nothing that begins with the path is behind this.
    const [from, to] = start === "" ? ["-", "+"] : [`(${start}`, `[${start}\xff`];
    return NEWEST.call(
      partitions.flatMap(({ registry, recent }) => [registry, recent]),
      [String(count), from, to, start, String(needed), ...partitions.map(({ namespaces }) => namespaces)],
    );
  }
}

function decode([count, complete, flat]: Reply[]): Answer {
  const parts = (flat as Reply[]).map(String);
  const entries: Entry[] = [];
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const [name, member, score] = parts.slice(at, at + 3) as [string, string, string];
    entries.push({ name, member, time: -Number(score) });
  }
  entries.sort(compare);
  if (complete === 1) return { entries, isComplete: true };
  // Of those of one millisecond only the first are certain.
  return { entries: entries.slice(0, count as number), isComplete: false };
}

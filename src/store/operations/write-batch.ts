import type { ActiveIndex, StoreContext } from "../context.js";
import { newestDefinition } from "../engines/serving-index.js";
import type { ItemMeta } from "../items/item.js";
import { OutdatedIndexError, sizeOf, type Write, type WriteFormat, writeTask } from "../items/write.js";
import type { Limits } from "../limits.js";
import { asError, type Outcome, runTask } from "../pipeline.js";
import { dropSuperseded, groupConflicting, type IndexedWrite, type OrderedWrite } from "./write-order.js";

/**
 * Does the writes of a batch: in parts, of which each has the time that a command has, and what was done is known for
 * each.
 */
export class WriteBatch {
  /** Why no more is sent: nobody knows whether Redis has done the part before. */
  private lost: Error | undefined;

  /** @param active Known when there is a put. */
  constructor(
    private readonly context: StoreContext,
    private readonly outcomes: (Outcome<unknown> | undefined)[],
    private active: ActiveIndex | undefined,
  ) {}

  /** Of several writes of one item the last one that can be done counts. */
  async run(writes: readonly IndexedWrite[]): Promise<void> {
    for (const group of groupConflicting(dropSuperseded(writes))) {
      for (let next: OrderedWrite[] = group; next.length > 0; ) {
        const replacing: OrderedWrite[] = [];
        for (const part of inParts(next, this.context.settings.limits)) {
          replacing.push(...(await this.writePart(part)));
        }
        next = replacing;
      }
    }
  }

  /** @returns the writes to do in place of those that Redis refused. */
  private async writePart(writes: readonly OrderedWrite[]): Promise<OrderedWrite[]> {
    try {
      if (this.lost) throw this.lost;
      const outcomes = await this.writeForIndex(writes);
      return writes.flatMap(({ position, supersedes }, at) => {
        const outcome = outcomes[at];
        this.outcomes[position] = outcome;
        const [last, ...earlier] = supersedes;
        if (!outcome?.ok) return last ? [{ ...last, supersedes: earlier }] : [];
        for (const each of supersedes) this.outcomes[each.position] = { ok: true, value: undefined };
        return [];
      });
    } catch (error) {
      // Nobody knows which of them were done; doing earlier ones now could undo them.
      this.lost = asError(error);
      for (const { position, supersedes } of writes) {
        for (const each of [position, ...supersedes.map((superseded) => superseded.position)]) {
          this.outcomes[each] = { ok: false, error: this.lost };
        }
      }
      return [];
    }
  }

  /**
   * Writes for the index that serves. What was refused, as it was made for another one, is done again for that one,
   * unless this store is not configured for it.
   */
  private async writeForIndex(
    writes: readonly Write[],
    attempts = 5,
  ): Promise<Outcome<ItemMeta | undefined>[]> {
    const { connection, keys } = this.context;
    const { active } = this;
    const format = active && formatFor(active, this.context);
    const outcomes = await runTask(connection, writeTask(keys, writes, format));
    const refused: { at: number; serving: string }[] = [];
    outcomes.forEach((outcome, at) => {
      if (!outcome.ok && outcome.error instanceof OutdatedIndexError)
        refused.push({ at, serving: outcome.error.serving });
    });
    if (refused.length === 0 || !active || attempts === 1) return outcomes;
    let again: Outcome<ItemMeta | undefined>[];
    try {
      const renewed = await this.context.renew(active, {
        seen: newestDefinition(refused.map(({ serving }) => serving)),
        repair: refused.some(({ serving }) => serving === ""),
      });
      if (renewed.readOnly) throw renewed.readOnly;
      this.active = renewed;
      again = await this.writeForIndex(
        refused.map(({ at }) => writes[at] as Write),
        attempts - 1,
      );
    } catch (error) {
      again = refused.map(() => ({ ok: false, error: asError(error) }));
    }
    refused.forEach(({ at }, position) => {
      outcomes[at] = again[position] as Outcome<ItemMeta | undefined>;
    });
    return outcomes;
  }
}

/** The writes, so many together and so large that a slow connection has enough time for them. */
function* inParts(
  writes: readonly OrderedWrite[],
  { writesTogether, writeBytes }: Limits,
): Generator<OrderedWrite[]> {
  let part: OrderedWrite[] = [];
  let bytes = 0;
  for (const write of writes) {
    const size = sizeOf(write);
    if (part.length === writesTogether || (part.length > 0 && bytes + size > writeBytes)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(write);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

function formatFor({ index }: ActiveIndex, { settings, codec }: StoreContext): WriteFormat {
  const { generation, fence, definition } = index;
  const { numericFields } = definition;
  return { generation, fence, numericFields, textFields: settings.textFields, codec };
}

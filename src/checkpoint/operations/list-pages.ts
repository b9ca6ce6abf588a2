import type { Arg, Reply } from "../../redis/command.js";
import type { CachedCheckpoint } from "../cache/checkpoint-cache.js";
import { contentNamesOf } from "../cache/known-value.js";
import type { SaverContext } from "../context.js";
import type { ThreadKeys } from "../keys.js";
import { decodeReadReply, type ReadReply } from "../records/read-reply.js";
import { execute } from "../scripts/execute.js";
import { LIST } from "../scripts/index.js";

/** What is read of each checkpoint: all of it; its record; its record and its pending writes without their values. */
export type PageContent = "checkpoints" | "records" | "summaries";

/** Which checkpoints a page is of. */
type PageSource =
  | { readonly kind: "named"; readonly fields: readonly string[] }
  /** Those of a namespace before an id; of the thread's only namespace, where the prefix is empty. */
  | { readonly kind: "newest"; readonly prefix: string; readonly before: string };

export interface Page extends ReadReply {
  /** How many of the fields were looked at. What was removed meanwhile has no row. */
  readonly lookedAt: number;
  /** Whether there are no more. */
  readonly isLast: boolean;
}

/**
 * Reads a thread's checkpoints in pages, which end after so many checkpoints or bytes, whichever comes first. The first page is
 * small, for callers who have then seen enough. Chunks that the page before had, too, are not read again.
 */
export class ListPages {
  #isFirst = true;
  /** The chunks of the checkpoints that were read last, as the server has them. */
  #held = new Map<string, Buffer>();
  readonly #used = new Set<string>();

  constructor(
    private readonly context: SaverContext,
    private readonly keys: ThreadKeys,
  ) {}

  /** The newest checkpoints of a namespace. @returns "several" when the prefix is empty and the thread has several namespaces. */
  async newest(
    prefix: string,
    before: string,
    content: PageContent,
    limit: number,
  ): Promise<Page | "several"> {
    return this.#read({ kind: "newest", prefix, before }, content, limit);
  }

  /** Checkpoints by their fields, page by page. */
  async *named(fields: readonly string[], content: PageContent): AsyncGenerator<Page> {
    for (let at = 0; at < fields.length; ) {
      const page = await this.#read({ kind: "named", fields: fields.slice(at) }, content, fields.length);
      if (page === "several") return;
      yield page;
      at += page.lookedAt;
      if (page.lookedAt === 0) return; // the thread is gone
    }
  }

  /** To be told what was read of a checkpoint. */
  readonly onRead = ({ channels }: CachedCheckpoint): void => {
    for (const { known } of channels.values()) for (const name of contentNamesOf(known)) this.#used.add(name);
  };

  async #read(source: PageSource, content: PageContent, limit: number): Promise<Page | "several"> {
    const { connection, limits, readTtl } = this.context;
    const most = Math.min(limit, content === "checkpoints" ? limits.listPage : limits.filterPage);
    const bytes = this.#isFirst ? limits.firstPageBytes : limits.pageBytes;
    const held = content === "checkpoints" ? this.#heldNames() : "";
    const wanted: readonly Arg[] =
      source.kind === "named" ? source.fields.slice(0, most) : [source.prefix, source.before];
    const args = [readTtl, String(most), String(bytes), content, held, source.kind];
    const reply = await execute(
      connection,
      LIST.call(this.keys.all, [...args, ...wanted, String(limits.scriptBatch)]),
    );
    if (Buffer.isBuffer(reply)) return "several";
    const { rows, chunks } = decodeReadReply(reply);
    const [, , , lookedAt, found] = reply as [Reply, Reply, Reply, number, number];
    if (content === "checkpoints") {
      this.#isFirst = false;
      for (const [name, chunk] of this.#held) chunks.set(name, chunk);
      this.#held = chunks;
    }
    return { rows, chunks, lookedAt, isLast: lookedAt === found && found < most };
  }

  /** The names of the chunks of the page before, one after the other. Others are let go. */
  #heldNames(): string {
    for (const name of this.#held.keys()) if (!this.#used.has(name)) this.#held.delete(name);
    this.#used.clear();
    return [...this.#held.keys()].join("");
  }
}

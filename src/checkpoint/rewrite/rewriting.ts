import type { CheckedCallback } from "../../callback.js";
import { joinMember } from "../records/pending-writes.js";
import { decodeAlias, decodeTable, digestOf, encodeTable, isTable } from "../values/chunk.js";
import type { TailRef } from "../values/value-ref.js";
import { NewNames } from "./new-names.js";
import { kindOf, type PartsOpener, restOf } from "./parts.js";
import { replaceBody, replaceReferences, replaceWritten } from "./references.js";
import type { Staging } from "./staging.js";
import { Survey } from "./survey.js";
import type { IndexEntry, ThreadReader } from "./thread-reader.js";
import type { ThreadTransform } from "./transform.js";

/** What a thread holds, and how much of it has been rewritten. */
export interface RewriteCounts {
  readonly checkpoints: number;
  readonly writes: number;
  readonly chunks: number;
  readonly rewritten: number;
}

/**
 * Rewrites a thread that is read in portions into a staging, in portions too. What is kept of it in memory are the names of
 * its chunks, and how they refer to each other.
 *
 * It goes over records and pending writes to learn which chunks there are and where references cut tails; over the chunks, which
 * get their new names, from the data up to the roots; and over records and pending writes again, which get the new names.
 */
export class Rewriting {
  private survey: Survey | undefined;
  private readonly tables = new Map<string, readonly string[]>();
  /** The target of each alias. */
  private readonly targets = new Map<string, string>();
  /** The aliases of each target. */
  private readonly aliases = new Map<string, string[]>();
  private readonly names = new NewNames();
  private readonly staged = new Set<string>();
  /** Chunks that a later call is to free, by their new names. */
  private readonly toBeFreed = new Set<string>();
  private chunkCount = 0;
  private rewritten = 0;
  private steps = 0;

  constructor(
    private readonly reader: ThreadReader,
    private readonly transform: ThreadTransform,
    private readonly parts: PartsOpener,
    private readonly onProgress: CheckedCallback<[RewriteCounts]> | undefined,
  ) {}

  counts(): RewriteCounts {
    const { checkpoints = 0, writes = 0 } = this.survey ?? {};
    return { checkpoints, writes, chunks: this.chunkCount, rewritten: this.rewritten };
  }

  /** Reads all that is needed to tell whether there is anything to rewrite: where there is nothing, all of the thread. */
  async isOutdated(): Promise<boolean> {
    const survey = await this.surveyed();
    if (survey.hasOutdated) return true;
    for await (const [name, stored] of this.chunks(survey)) {
      this.chunkCount += 1;
      if (this.isData(name, stored) && !this.transform.isCurrent(stored)) {
        this.chunkCount = 0;
        return true;
      }
    }
    return false;
  }

  /** @returns how many milliseconds the thread has to live, or less than 0. */
  async writeTo(staging: Staging): Promise<number> {
    const survey = await this.surveyed();
    for await (const [name, stored] of this.chunks(survey)) {
      if (this.isData(name, stored)) await this.writeData(staging, survey, name, stored);
      this.chunkCount += 1;
      const told = this.went();
      if (told) await told;
    }
    await this.writeStructure(staging);
    for await (const entry of this.reader.index()) {
      await this.writeEntry(staging, entry);
      const told = this.went();
      if (told) await told;
    }
    return this.writeFields(staging, survey);
  }

  private async surveyed(): Promise<Survey> {
    this.survey ??= await Survey.of(this.reader, this.transform, this.parts);
    return this.survey;
  }

  /** All chunks, each once: tails first, so that an alias comes before what it stands for. */
  private async *chunks(survey: Survey): AsyncGenerator<readonly [name: string, stored: Buffer]> {
    const seen = new Set<string>();
    let names = [...survey.tails()];
    let roots: Iterable<string> = survey.roots;
    do {
      for (const name of names) seen.add(name);
      const next = new Set<string>();
      for await (const [name, stored] of this.reader.chunks(names)) {
        for (const child of this.childrenOf(name, stored)) if (!seen.has(child)) next.add(child);
        yield [name, stored];
      }
      for (const name of roots) if (!seen.has(name)) next.add(name);
      roots = [];
      names = [...next];
    } while (names.length > 0);
  }

  /** Remembers what a table or an alias refers to. */
  private childrenOf(name: string, stored: Buffer): readonly string[] {
    const target = decodeAlias(stored);
    if (target !== undefined) {
      if (!this.targets.has(name)) this.aliases.set(target, [...(this.aliases.get(target) ?? []), name]);
      this.targets.set(name, target);
      return [target];
    }
    if (!isTable(stored)) return [];
    this.parts.chunk(() => {
      if (digestOf(stored) !== name) throw new Error(`chunk ${name} is missing or altered`);
    });
    const children = decodeTable(stored);
    this.tables.set(name, children);
    return children;
  }

  private isData(name: string, stored: Buffer): boolean {
    return !isTable(stored) && !this.targets.has(name);
  }

  private writeData(staging: Staging, survey: Survey, name: string, stored: Buffer): Promise<void> {
    const toTail = survey.referencesTo(name);
    const toAliases = (this.aliases.get(name) ?? []).flatMap((alias) => survey.referencesTo(alias));
    const references: readonly TailRef[] = [...toTail, ...toAliases];
    const rewrite = () => {
      const isTail = toTail.length > 0;
      return this.transform[isTail ? "tail" : "segment"](name, stored, references);
    };
    const isCurrent = this.transform.isCurrent(stored);
    if (!isCurrent) this.rewritten += 1;
    const to = isCurrent ? { name, stored, references } : this.parts.chunk(rewrite);
    this.names.set(name, to.name);
    this.names.setTail(references, to.references);
    return this.writeChunk(staging, to.name, to.stored);
  }

  /** Chunks that were different ones for their keys alone have one name afterwards. */
  private async writeChunk(staging: Staging, name: string, stored: Buffer): Promise<void> {
    if (this.staged.has(name)) return;
    this.staged.add(name);
    await staging.chunk(name, stored);
  }

  /** Names and writes tables and aliases: the data that they refer to have been named. */
  private async writeStructure(staging: Staging): Promise<void> {
    for (const name of this.tables.keys()) await this.writeTable(staging, name);
    for (const [name, target] of this.targets) {
      const to = this.names.of(target);
      this.names.set(name, name);
      this.names.take(to);
      await this.writeChunk(staging, name, Buffer.from(`@${to}`, "latin1"));
    }
  }

  /** After what it refers to, which may be a table that is the root of another value. */
  private async writeTable(staging: Staging, name: string): Promise<void> {
    if (this.names.has(name)) return;
    const children = this.tables.get(name) ?? [];
    for (const child of children) if (this.tables.has(child)) await this.writeTable(staging, child);
    const renamed = children.map((child) => this.names.of(child));
    const table = encodeTable(renamed);
    const to = digestOf(table);
    this.names.set(name, to);
    if (this.staged.has(to)) return;
    for (const child of renamed) this.names.take(child);
    await this.writeChunk(staging, to, table);
  }

  private async writeEntry(staging: Staging, { member, record }: IndexEntry): Promise<void> {
    if (record) {
      await staging.field(restOf(member), this.rewriteRecord(member, record));
      return staging.member(member);
    }
    switch (kindOf(member)) {
      case "!":
        return;
      case "w":
        return staging.member(this.rewriteWrites(member));
      case "h": {
        const name = this.names.of(restOf(member));
        if (this.toBeFreed.has(name)) return;
        this.toBeFreed.add(name);
        this.names.take(name);
        return staging.member(Buffer.from(`h:${name}`, "latin1"));
      }
      default:
        return staging.member(member);
    }
  }

  private rewriteRecord(member: Buffer, record: Buffer): Buffer {
    const { field, header, headerText, packed, text } = this.parts.record(member, record);
    const names = this.names.all(header.c ?? "");
    for (const name of names) this.names.take(name);
    const c = names.join("") || undefined;
    const rewritten = replaceReferences(text, header, names, (each) => this.names.reference(each));
    if (c === header.c && rewritten === text && this.transform.isCurrent(packed)) return record;
    this.rewritten += 1;
    return replaceBody(headerText, c, this.transform.sealBody(field, { ...header, c }, rewritten));
  }

  private rewriteWrites(member: Buffer): Buffer {
    const { beginning, names: before, payload, indices, text } = this.parts.writes(member);
    const list = this.names.all(before);
    for (const name of list) this.names.take(name);
    const names = list.join("");
    const rewritten = replaceWritten(text, (each) => this.names.reference(each));
    if (names === before && rewritten === text && this.transform.isCurrent(payload)) return member;
    this.rewritten += indices.length;
    const place = `${beginning}${names}:`;
    return joinMember(place, this.transform.sealPayload(place, rewritten));
  }

  /** Writes what else the thread is made of: the counters, which follow from the references, and its own settings. */
  private async writeFields(staging: Staging, { needs, prefixes }: Survey): Promise<number> {
    for (const [name, count] of this.names.furtherReferences())
      await staging.chunk(`#${name}`, String(count));
    for (const [field, count] of needs) await staging.field(`#${field}`, String(count));
    const kept = ["ttl", "copy", "early", ...[...prefixes].map((prefix) => `^${prefix}`)];
    const { values, milliseconds } = await this.reader.fields(kept);
    for (const [at, value] of values.entries()) if (value) await staging.field(kept[at] as string, value);
    return milliseconds;
  }

  private went(): Promise<void> | undefined {
    this.steps += 1;
    return this.steps % STEPS_REPORTED === 0 ? this.onProgress?.(this.counts()) : undefined;
  }
}

/** How many chunks and members of the index go between two reports of progress. */
const STEPS_REPORTED = 500;

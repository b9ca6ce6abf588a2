import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, Reply } from "../../../redis/command.js";
import { execute, executeAll } from "../../../redis/script.js";
import { EngineUnavailableError } from "../../errors.js";
import type { ItemCodec } from "../../items/item-codec.js";
import type { StoreKeys } from "../../keys.js";
import type { StoreSettings } from "../../options.js";
import type { PipelineTask } from "../../pipeline.js";
import type { SearchRequest } from "../../requests.js";
import type { EngineStats, RedisSearchItem, SearchIndexInfo } from "../../types.js";
import type { StoreEngine } from "../engine.js";
import type { BuiltIndex } from "../index-definition.js";
import { filteredListing } from "./filtered-listing.js";
import {
  createIndexArgs,
  decodeIndexInfo,
  isExistingIndex,
  isOtherDatabase,
  isUnknownIndex,
  isWrongLength,
  OTHER_DATABASE,
} from "./index-commands.js";
import { QueryBuilder, toEntry } from "./query.js";
import { decodeSearchReply } from "./reply.js";
import { SearchRunner } from "./search-runner.js";

/** The search engine of Redis 8, or of the module Redis Search. */
export class SearchEngine implements StoreEngine {
  readonly name = "search";
  private readonly queries: QueryBuilder;
  private readonly runner: SearchRunner;

  constructor(
    private readonly connection: Connection,
    private readonly keys: StoreKeys,
    private readonly codec: ItemCodec,
    settings: StoreSettings,
  ) {
    this.queries = new QueryBuilder(settings.numericFields, codec);
    this.runner = new SearchRunner(keys, codec, this.queries, settings.vectors, settings.limits);
  }

  *listMatching(request: SearchRequest): PipelineTask<RedisSearchItem[] | undefined> {
    return request.order.by === "updatedAt"
      ? yield* filteredListing({ keys: this.keys, codec: this.codec }, this.queries, request)
      : undefined;
  }

  search(request: SearchRequest, vector: Float32Array | undefined): PipelineTask<RedisSearchItem[]> {
    return this.runner.search(request, vector);
  }

  async serve(index: BuiltIndex): Promise<void> {
    await this.build(index);
    this.queries.index = this.keys.indexName(index.generation);
    this.queries.generation = index.generation;
  }

  async build(index: BuiltIndex): Promise<void> {
    const name = this.keys.indexName(index.generation);
    const [created, scored] = await executeAll(this.connection, [
      { key: name, args: createIndexArgs(this.keys, index) },
      toEntry(this.queries.probe(name, "BM25STD")),
    ]);
    if (created instanceof Error && isOtherDatabase(created)) {
      throw new EngineUnavailableError(`engine "search" cannot be used: ${OTHER_DATABASE}.`);
    }
    if (created instanceof Error && !isExistingIndex(created)) throw created;
    this.queries.scorer = scored instanceof Error ? "BM25" : "BM25STD";
    for (let pause = 1; (await this.info(name)).indexing; pause = Math.min(pause * 2, 100))
      await sleep(pause);
  }

  async drop({ generation }: Pick<BuiltIndex, "generation">): Promise<void> {
    const name = this.keys.indexName(generation);
    const [dropped] = await executeAll(this.connection, [{ key: name, args: ["FT.DROPINDEX", name] }]);
    if (dropped instanceof Error && !isUnknownIndex(dropped)) throw dropped;
  }

  isIndexChanged(error: Error): boolean {
    return isUnknownIndex(error) || isWrongLength(error);
  }

  async foreignDocuments({ generation }: BuiltIndex): Promise<string[]> {
    const command = this.queries.foreignDocuments(this.keys.indexName(generation), 1_000);
    // Without content an older server answers with the keys alone, a newer one as always.
    const reply = (await execute(this.connection, toEntry(command))) as Reply[];
    if (typeof reply[0] === "number") return reply.slice(1).map(String);
    return decodeSearchReply(reply, false).documents.map(({ id }) => id);
  }

  async stats(): Promise<EngineStats> {
    const { indexing, failures, bytes } = await this.info(this.queries.index);
    const count = async (kind: "item" | "vector") =>
      decodeSearchReply(await execute(this.connection, toEntry(this.queries.count(kind))), false).total;
    return {
      items: await count("item"),
      vectors: await count("vector"),
      indexBytes: bytes,
      indexing,
      indexFailures: failures,
    };
  }

  async inspect(index: BuiltIndex): Promise<SearchIndexInfo> {
    const name = this.keys.indexName(index.generation);
    const [info, ...found] = await executeAll(this.connection, [
      { key: name, args: ["FT.INFO", name] },
      toEntry(this.queries.countIn(name, "item")),
      toEntry(this.queries.countIn(name, "vector")),
    ]);
    if (info instanceof Error && isUnknownIndex(info)) return { exists: false };
    if (info instanceof Error) throw info;
    const [items = 0, vectors = 0] = found.map((reply) => {
      if (reply instanceof Error) throw reply;
      return decodeSearchReply(reply, false).total;
    });
    const { indexing, progress, failures, bytes } = decodeIndexInfo(info as Reply);
    const foreign = (await this.foreignDocuments(index)).length;
    return { exists: true, items, vectors, indexing, progress, failures, bytes, foreignDocuments: foreign };
  }

  private async info(name: string) {
    return decodeIndexInfo(await execute(this.connection, { key: name, args: ["FT.INFO", name] }));
  }
}

/** As much of a client of Redis with RedisJSON and Search as LangGraph's `RedisSaver` needs, in memory. */
export class StandInClient {
  private readonly documents = new Map<string, unknown>();
  /** The sizes of the lists that were asked for. */
  readonly sizes: number[] = [];

  readonly json = {
    get: async (key: string) => structuredClone(this.documents.get(key) ?? null),
    set: async (key: string, _path: string, value: unknown, options?: { NX?: boolean }) => {
      if (options?.NX && this.documents.has(key)) return null;
      this.documents.set(key, JSON.parse(JSON.stringify(value)));
      return "OK";
    },
  };

  readonly ft = {
    create: async () => "OK",
    search: async (_index: string, query: string, options: { LIMIT: { size: number } }) => {
      this.sizes.push(options.LIMIT.size);
      const tag = (name: string) => new RegExp(`@${name}:\\{(.*?)\\}`).exec(query)?.[1]?.replaceAll("\\", "");
      const [thread, ns] = [tag("thread_id")?.toLowerCase(), tag("checkpoint_ns")];
      const found = [...this.documents]
        .filter(([key]) => key.startsWith("checkpoint:"))
        .map(([id, value]) => ({ id, value: structuredClone(value) as Stored }))
        .filter(({ value }) => thread === undefined || value.thread_id.toLowerCase() === thread)
        .filter(({ value }) => ns === undefined || value.checkpoint_ns === ns)
        .sort((one, other) => other.value.checkpoint_ts - one.value.checkpoint_ts);
      return { total: found.length, documents: found.slice(0, options.LIMIT.size) };
    },
  };

  async keys(pattern: string): Promise<string[]> {
    const beginning = pattern.slice(0, -1);
    return [...this.documents.keys()].filter((key) => key.startsWith(beginning));
  }

  async exists(key: string): Promise<number> {
    return this.documents.has(key) ? 1 : 0;
  }

  async zAdd(key: string): Promise<number> {
    this.documents.set(key, "a sorted set");
    return 1;
  }
}

interface Stored {
  thread_id: string;
  checkpoint_ns: string;
  checkpoint_ts: number;
}

/**
 * Does something for each item, some at a time. What fails ends it, after what is under way.
 *
 * @param signal is asked before each item.
 */
export async function concurrently<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  signal: AbortSignal | undefined,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let ended = false;
  const worker = async () => {
    while (!ended) {
      signal?.throwIfAborted();
      const { done, value } = await iterator.next();
      if (done || ended) return;
      await work(value);
    }
  };
  const workers = Array.from({ length: limit }, () =>
    worker().catch((error: unknown) => {
      ended = true;
      throw error;
    }),
  );
  const results = await Promise.allSettled(workers);
  await iterator.return?.();
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

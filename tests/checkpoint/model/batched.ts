/** Sends what is given together: a message to another process costs more than what is in it. */
export function batched<T>(send: (batch: readonly T[]) => unknown): (each: T) => void {
  let batch: T[] = [];
  return (each) => {
    if (batch.length === 0) {
      setImmediate(() => {
        const full = batch;
        batch = [];
        send(full);
      });
    }
    batch.push(each);
  };
}

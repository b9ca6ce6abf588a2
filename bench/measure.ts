/** Times of one operation in milliseconds, sorted. */
export type Times = readonly number[];

export function percentile(times: Times, percent: number): number {
  return times[Math.min(times.length - 1, Math.floor((times.length * percent) / 100))] as number;
}

/**
 * Times several operations in turns, so that whatever else the machine does meanwhile meets all of them alike.
 *
 * @param rounds how often each is timed, after a tenth as many rounds to warm up.
 */
export async function timeInTurns<Name extends string>(
  operations: Readonly<Record<Name, () => Promise<unknown>>>,
  rounds: number,
): Promise<Record<Name, Times>> {
  const names = Object.keys(operations) as Name[];
  const warmUp = Math.ceil(rounds / 10);
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of names) {
      const start = performance.now();
      await operations[name]();
      const time = performance.now() - start;
      if (round >= 0) times[name].push(time);
    }
  }
  for (const name of names) times[name].sort((a, b) => a - b);
  return times;
}

/** How many times as long the first takes, by the medians. */
export function ratio(times: Times, baseline: Times): number {
  return percentile(times, 50) / percentile(baseline, 50);
}

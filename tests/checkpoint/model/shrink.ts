/** Whether a list still fails; undefined when it does not, else how. */
export type Try<T> = (steps: readonly T[]) => Promise<string | undefined>;

/**
 * Leaves out of a failing list of steps what can be left out, first in halves, then in ever smaller parts, until the
 * rest fails no more without any single one, or the time is over.
 */
export async function shrink<T>(
  steps: readonly T[],
  failure: string,
  fails: Try<T>,
  until: number,
): Promise<{ steps: readonly T[]; failure: string }> {
  let smallest = { steps, failure };
  for (let size = Math.ceil(steps.length / 2); size >= 1; ) {
    let isShorter = false;
    for (let from = 0; from < smallest.steps.length && Date.now() < until; ) {
      const fewer = [...smallest.steps.slice(0, from), ...smallest.steps.slice(from + size)];
      const failure = await fails(fewer);
      if (failure === undefined) from += size;
      else {
        smallest = { steps: fewer, failure };
        isShorter = true;
      }
    }
    if (!isShorter || size > 1) size = size === 1 ? 0 : Math.ceil(size / 2);
  }
  return smallest;
}

/** What a step may be instead of itself: with fewer parts. */
export function simpler(step: unknown): unknown[] {
  if (typeof step !== "object" || step === null) return [];
  return Object.entries(step).flatMap(([key, value]): unknown[] => {
    if (Array.isArray(value) && ["edits", "writes", "elements", "steps"].includes(key)) {
      return value.flatMap((each, at) => [
        { ...step, [key]: value.filter((_, other) => other !== at) },
        ...simpler(each).map((instead) => ({ ...step, [key]: value.with(at, instead) })),
      ]);
    }
    if (key === "reader" && value !== undefined) return [{ ...step, reader: undefined }];
    if (key === "inPlace" && value === true) return [{ ...step, inPlace: false }];
    return [];
  });
}

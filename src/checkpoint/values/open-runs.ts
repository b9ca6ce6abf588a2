/** The last run of a list as a thread holds it: not finished, so the next elements can be appended to it. */
export interface OpenRun {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * The open runs of the lists that were stored or read lately, so that the next version of a list can be stored by
 * appending to one. Only an optimisation, like {@link HeldChunks}: the scripts check what they append to.
 */
export class OpenRuns {
  /** Lists from least to most recently used. */
  private readonly runs = new Map<string, OpenRun>();
  private size = 0;

  /** @param limit the largest number of bytes to remember. */
  constructor(private readonly limit = 32_000_000) {}

  get(list: string): OpenRun | undefined {
    return this.runs.get(list);
  }

  /** @param run undefined when the list ends with a finished run. */
  set(list: string, run: OpenRun | undefined): void {
    this.delete(list);
    if (!run) return;
    this.runs.set(list, run);
    this.size += run.bytes.length;
    for (const [oldest] of this.runs) {
      if (this.size <= this.limit) break;
      this.delete(oldest);
    }
  }

  delete(list: string): void {
    this.size -= this.runs.get(list)?.bytes.length ?? 0;
    this.runs.delete(list);
  }
}

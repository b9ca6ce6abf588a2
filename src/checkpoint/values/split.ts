import type { RunFormat } from "./chunk.js";

/** The size that runs have on average. Small enough to be sent again when a list changes in the middle. */
const TARGET_SIZE = 8_192;
/** No run grows beyond this by another element. */
const MAX_SIZE = 32_768;

/**
 * Cuts a list into runs while going through it.
 *
 * Where a run ends depends on its last element alone: large ones end one often, small ones rarely, so that runs have
 * the target size on average. Therefore a list that was changed in one place has all runs in common with what it was,
 * but for those that were touched, wherever they stand now.
 *
 * These rules are part of the storage format: a finished run is never appended to because all agree that it is finished.
 */
export class RunSplitter<Element> {
  /** The elements of the run that is not finished. */
  open: Element[] = [];
  private size = 0;

  constructor(private readonly format: RunFormat<Element>) {}

  /** @returns the run that the element finishes, if it does. */
  add(element: Element): Element[] | undefined {
    const elementSize = this.format.sizeOf(element);
    this.open.push(element);
    this.size += elementSize;
    if (this.size < MAX_SIZE && fraction(element as string | Buffer) >= elementSize / TARGET_SIZE)
      return undefined;
    const finished = this.open;
    this.open = [];
    this.size = 0;
    return finished;
  }
}

/** A number in [0, 1) that depends on an element's content: FNV-1a over at most 64 samples of it. */
function fraction(content: string | Buffer): number {
  const { length } = content;
  const stride = Math.max(1, Math.floor(length / 64));
  let hash = 0x811c9dc5 ^ length;
  for (let at = 0; at < length; at += stride) {
    hash ^= typeof content === "string" ? content.charCodeAt(at) : (content[at] as number);
    hash = Math.imul(hash, 0x01000193);
  }
  // The last multiplication leaves the high bits better mixed than the low ones; fold them once more.
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  return (hash >>> 0) / 0x1_0000_0000;
}

import type { SegmentFormat } from "./chunk.js";

/** The size that segments have on average. Small enough to be sent again when a list changes in the middle. */
const TARGET_SIZE = 8_192;
/** No segment grows beyond this by another element. */
const MAX_SIZE = 32_768;

/**
 * Cuts a list into segments while going through it.
 *
 * Where a segment ends depends on its last element alone: large ones end one often, small ones rarely, so that segments
 * have the target size on average. Therefore a list that was changed in one place has all segments in common with what
 * it was, but for those that were touched, wherever they stand now.
 *
 * These rules are part of the storage format: every client computes the same boundaries, so no client appends to a
 * sealed segment.
 */
export class SegmentSplitter<Element> {
  /** The elements of the segment that is not sealed. */
  open: Element[] = [];
  private size = 0;

  constructor(private readonly format: SegmentFormat<Element>) {}

  /**
   * @param sealsNothing when that is known, because the open segment has been a tail with this element before.
   * @returns the segment that the element seals, if it does.
   */
  add(element: Element, sealsNothing = false): Element[] | undefined {
    const elementSize = this.format.sizeOf(element);
    this.open.push(element);
    this.size += elementSize;
    if (sealsNothing) return undefined;
    if (this.size < MAX_SIZE && fraction(element as string | Buffer) >= elementSize / TARGET_SIZE)
      return undefined;
    const sealed = this.open;
    this.open = [];
    this.size = 0;
    return sealed;
  }
}

/** A number in [0, 1) that depends on an element's content: FNV-1a over at most 511 samples of it. */
function fraction(content: string | Buffer): number {
  const { length } = content;
  const stride = Math.max(1, Math.floor(length / 256));
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

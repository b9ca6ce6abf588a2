/** An element of this size or more has a leaf of its own. */
const ALONE = 256;
/** Smaller neighbours share a leaf until it has this size. */
const FULL = 512;

/**
 * Groups the elements of an array into leaves. An element that is large enough stays alone, so that it is the same
 * leaf wherever it stands in whichever list; small ones share, because a leaf of its own costs more than they do.
 *
 * @param sizeOf the size of an element's serialized form; bytes and characters are near enough to each other.
 */
export function groupElements<Element>(
  elements: readonly Element[],
  sizeOf: (element: Element) => number,
): Element[][] {
  const groups: Element[][] = [];
  let open: Element[] = [];
  let openSize = 0;
  const close = () => {
    if (open.length > 0) groups.push(open);
    open = [];
    openSize = 0;
  };
  for (const element of elements) {
    const size = sizeOf(element);
    if (size >= ALONE) {
      close();
      groups.push([element]);
      continue;
    }
    open.push(element);
    openSize += size;
    if (openSize >= FULL) close();
  }
  close();
  return groups;
}

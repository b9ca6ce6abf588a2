/** What decides the place of a pending write among those of its checkpoint. */
export interface OrderedWrite {
  /** Where the task stands in its step; "" for writes that were stored without a path. */
  readonly taskPath: string;
  readonly taskId: string;
  readonly index: number;
}

/**
 * The order in which LangGraph applies the writes of a step: by task path, then task id, both by code points, then by
 * index. A reducer that depends on the order gives what it gave in the run only if it replays them in this one.
 *
 * It is that of `compareWritesSortKeys` of `@langchain/langgraph-checkpoint`, which its older versions do not export.
 */
export function compareWrites(a: OrderedWrite, b: OrderedWrite): number {
  return (
    compareCodePoints(a.taskPath, b.taskPath) || compareCodePoints(a.taskId, b.taskId) || a.index - b.index
  );
}

/** JavaScript's `<` compares UTF-16 code units, which puts "🦜" before "\uffee". */
function compareCodePoints(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length; ) {
    const [inA, inB] = [a.codePointAt(at) as number, b.codePointAt(at) as number];
    if (inA !== inB) return inA - inB;
    at += inA > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
}

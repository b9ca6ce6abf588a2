import type { CheckpointPendingWrite, PendingWrite } from "@langchain/langgraph-checkpoint";
import { WRITES_IDX_MAP } from "@langchain/langgraph-checkpoint";

/** The pending writes of one task. */
export interface TaskWrites {
  readonly taskId: string;
  /** Errors, interrupts, resumes: of each kind the last one counts, in no order. */
  readonly special: readonly PendingWrite[];
  /** The others, in order. */
  readonly usual: readonly PendingWrite[];
}

/** The pending writes of a checkpoint by task, in the order of their first writes. */
export function byTask(writes: readonly CheckpointPendingWrite[] | undefined): TaskWrites[] {
  interface Task {
    readonly special: Map<string, PendingWrite>;
    readonly usual: PendingWrite[];
  }
  const tasks = new Map<string, Task>();
  for (const [taskId, channel, value] of writes ?? []) {
    const task: Task = tasks.get(taskId) ?? { special: new Map(), usual: [] };
    tasks.set(taskId, task);
    if (Object.hasOwn(WRITES_IDX_MAP, channel)) task.special.set(channel, [channel, value]);
    else task.usual.push([channel, value]);
  }
  return [...tasks].map(([taskId, { special, usual }]) => ({
    taskId,
    special: [...special.values()].sort(([one], [other]) => (one < other ? -1 : 1)),
    usual,
  }));
}

/**
 * Paths under which tasks are read back in this order, which savers do by path, then by task id. No saver gives the paths of tasks;
 * those that follow each other by id need none. The others come before whatever path LangGraph gives, which begins with "~".
 */
export function taskPaths(tasks: readonly TaskWrites[]): string[] {
  let descents = 0;
  return tasks.map(({ taskId }, at) => {
    const previous = tasks[at - 1];
    if (previous && previous.taskId > taskId) descents++;
    return descents === 0 ? "" : String(descents).padStart(8, "0");
  });
}

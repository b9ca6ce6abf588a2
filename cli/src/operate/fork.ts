import { uuid6 } from "@langchain/langgraph-checkpoint";
import type { RedisSaver } from "langgraph-redis";
import { CommandError } from "../errors.js";

export interface ForkRequest {
  threadId: string;
  ns: string;
  checkpointId: string;
  /** The thread to go on in: the same one, or one that does not exist yet and becomes a copy. */
  target: string;
}

/**
 * Makes a checkpoint the newest one of a thread again, beside what followed it, as LangGraph does when a state is copied
 * (`source: "fork"`): a run of the target goes on from there. The thread itself keeps all that it has.
 *
 * @returns the id of the new checkpoint.
 * @throws {CommandError} when there is no such checkpoint; `InvalidInputError` when the target is another thread that exists.
 */
export async function forkThread(
  saver: RedisSaver,
  { threadId, ns, checkpointId, target }: ForkRequest,
): Promise<string> {
  const place = { checkpoint_ns: ns, checkpoint_id: checkpointId };
  const read = () => saver.getTuple({ configurable: { thread_id: threadId, ...place } });
  const tuple = await read();
  if (tuple === undefined) throw new CommandError("there is no such checkpoint.");
  if (target !== threadId) await saver.copyThread(threadId, target);
  const { checkpoint, metadata, parentConfig } = tuple;
  const step = metadata?.step ?? 0;
  const id = uuid6(step + 1);
  // Beside the checkpoint, not below it: what was written after it, an interrupt for example, is to happen again.
  const parent = {
    thread_id: target,
    checkpoint_ns: ns,
    checkpoint_id: parentConfig?.configurable?.checkpoint_id,
  };
  await saver.put(
    { configurable: parent },
    { ...checkpoint, id, ts: new Date().toISOString() },
    { parents: {}, ...metadata, source: "fork", step: step + 1 },
  );
  return id;
}

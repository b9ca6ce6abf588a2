import { Script } from "../../redis/script.js";
import chunkStore from "./chunk-store.lua";
import chunks from "./chunks.lua";
import common from "./common.lua";
import copy from "./copy.lua";
import deleteForRuns from "./delete-for-runs.lua";
import deleteThread from "./delete-thread.lua";
import deltaHistory from "./delta-history.lua";
import dump from "./dump.lua";
import expire from "./expire.lua";
import get from "./get.lua";
import list from "./list.lua";
import listIds from "./list-ids.lua";
import listThreads from "./list-threads.lua";
import prune from "./prune.lua";
import put from "./put.lua";
import putWrites from "./put-writes.lua";
import readCommon from "./read-common.lua";
import registry from "./registry.lua";
import remove from "./remove.lua";
import restore from "./restore.lua";
import rewriteBegin from "./rewrite-begin.lua";
import rewriteFinish from "./rewrite-finish.lua";
import rewriteRead from "./rewrite-read.lua";
import rewriteStage from "./rewrite-stage.lua";
import threadStats from "./thread-stats.lua";

/** The files that scripts include. */
const PARTS: ReadonlyMap<string, string> = new Map([
  ["common.lua", common],
  ["registry.lua", registry],
  ["chunk-store.lua", chunkStore],
  ["read-common.lua", readCommon],
  ["remove.lua", remove],
]);

/**
 * Lua has no imports on the server: a script is the files that its first lines include, in that order, and then its own.
 */
function compose(source: string): Script {
  const parts = [...source.matchAll(/^--- @include "(.+)"$/gm)].map(([, name]) => {
    const part = PARTS.get(name as string);
    if (part === undefined) throw new Error(`there is no Lua file ${name} to include.`);
    return part;
  });
  return new Script([...parts, source].join("\n"));
}

export const PUT = compose(put);
export const PUT_WRITES = compose(putWrites);
export const GET = compose(get);
export const CHUNKS = compose(chunks);
export const LIST = compose(list);
export const LIST_IDS = compose(listIds);
export const DELTA_HISTORY = compose(deltaHistory);
export const PRUNE = compose(prune);
export const DELETE_FOR_RUNS = compose(deleteForRuns);
export const DELETE_THREAD = compose(deleteThread);
export const EXPIRE = compose(expire);
export const COPY = compose(copy);
export const DUMP = compose(dump);
export const RESTORE = compose(restore);
export const REWRITE_BEGIN = compose(rewriteBegin);
export const REWRITE_READ = compose(rewriteRead);
export const REWRITE_STAGE = compose(rewriteStage);
export const REWRITE_FINISH = compose(rewriteFinish);
export const THREAD_STATS = compose(threadStats);
export const LIST_THREADS = compose(listThreads);

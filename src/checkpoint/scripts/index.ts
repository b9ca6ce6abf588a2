import { Script } from "../../redis/script.js";
import chunkStore from "./chunk-store.lua";
import common from "./common.lua";
import copy from "./copy.lua";
import deleteForRuns from "./delete-for-runs.lua";
import deleteThread from "./delete-thread.lua";
import deltaHistory from "./delta-history.lua";
import dump from "./dump.lua";
import expire from "./expire.lua";
import get from "./get.lua";
import list from "./list.lua";
import listThreads from "./list-threads.lua";
import prune from "./prune.lua";
import put from "./put.lua";
import putWrites from "./put-writes.lua";
import readCommon from "./read-common.lua";
import registry from "./registry.lua";
import remove from "./remove.lua";
import restore from "./restore.lua";

/** Lua has no imports on the server: a script is its own file after the ones it builds on. */
const compose = (...parts: string[]) => new Script(parts.join("\n"));

export const PUT = compose(common, registry, chunkStore, remove, put);
export const PUT_WRITES = compose(common, registry, chunkStore, putWrites);
export const GET = compose(common, registry, readCommon, get);
export const LIST = compose(common, registry, readCommon, list);
export const DELTA_HISTORY = compose(common, readCommon, deltaHistory);
export const PRUNE = compose(common, registry, remove, prune);
export const DELETE_FOR_RUNS = compose(common, registry, remove, deleteForRuns);
export const DELETE_THREAD = compose(common, registry, deleteThread);
export const EXPIRE = compose(common, registry, expire);
export const COPY = compose(common, registry, copy);
export const DUMP = compose(common, dump);
export const RESTORE = compose(common, registry, restore);
export const LIST_THREADS = compose(common, registry, listThreads);

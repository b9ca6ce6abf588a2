import { Script } from "../redis/script.js";
import admit from "./lua/admit.lua";
import copy from "./lua/copy.lua";
import deleteThread from "./lua/delete.lua";
import deleteRun from "./lua/delete-run.lua";
import dump from "./lua/dump.lua";
import expire from "./lua/expire.lua";
import forgetThreads from "./lua/forget-threads.lua";
import get from "./lua/get.lua";
import history from "./lua/history.lua";
import list from "./lua/list.lua";
import prune from "./lua/prune.lua";
import put from "./lua/put.lua";
import putWrites from "./lua/put-writes.lua";
import read from "./lua/read.lua";
import remove from "./lua/remove.lua";
import restore from "./lua/restore.lua";
import thread from "./lua/thread.lua";

/** Lua has no imports on the server: a script is its own file after the ones it builds on. */
const compose = (...parts: string[]) => new Script(parts.join("\n"));

export const PUT = compose(thread, admit, remove, put);
export const PUT_WRITES = compose(thread, admit, putWrites);
export const GET = compose(thread, read, get);
export const LIST = compose(thread, read, list);
export const HISTORY = compose(thread, read, history);
export const PRUNE = compose(thread, remove, prune);
export const DELETE_RUN = compose(thread, remove, deleteRun);
export const DELETE = compose(thread, deleteThread);
export const EXPIRE = compose(thread, expire);
export const COPY = compose(thread, copy);
export const DUMP = compose(thread, dump);
export const RESTORE = new Script(restore);
export const FORGET_THREADS = new Script(forgetThreads);

import { Script } from "../redis/script.js";
import admit from "./lua/admit.lua";
import get from "./lua/get.lua";
import list from "./lua/list.lua";
import put from "./lua/put.lua";
import putWrites from "./lua/put-writes.lua";
import read from "./lua/read.lua";
import thread from "./lua/thread.lua";

/** Lua has no imports on the server: a script is its own file after the ones it builds on. */
const compose = (...parts: string[]) => new Script(parts.join("\n"));

export const PUT = compose(thread, admit, put);
export const PUT_WRITES = compose(thread, admit, putWrites);
export const GET = compose(thread, read, get);
export const LIST = compose(thread, read, list);

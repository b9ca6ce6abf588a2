export type { InspectContext } from "./context.js";
export { diffCheckpoints } from "./diff.js";
export { listItems, readItem } from "./items.js";
export { listNamespaces } from "./namespaces.js";
export { openContext } from "./open.js";
export { readState } from "./state.js";
export { threadTree } from "./thread-tree.js";
export { listThreads } from "./threads.js";
export type * from "./types.js";

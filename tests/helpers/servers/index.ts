export { type ClusterNode, type ClusterOptions, startCluster, type TestCluster } from "./cluster.js";
export { englishLocale } from "./locale.js";
export type { ServerNode } from "./node.js";
export { freePort, freePorts } from "./ports.js";
export { type SentinelOptions, startSentinel, type TestSentinel } from "./sentinel.js";
export { startServer } from "./start.js";
export { sweepAtEnd } from "./sweep.js";
export type { ServerKind, ServerOptions, TestServer } from "./types.js";

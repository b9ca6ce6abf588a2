import { type NodeFacts, type NodeFinding, readSetting } from "./facts.js";

/** Whether what a server acknowledged survives its end. */
export async function checkPersistence({ node, info }: NodeFacts): Promise<NodeFinding[]> {
  if (info.size === 0) return [];
  const [fsync, save] = await Promise.all([readSetting(node, "appendfsync"), readSetting(node, "save")]);
  const findings: NodeFinding[] = [];
  if (info.get("aof_enabled") === "1") {
    const how = fsync === undefined ? "" : `, appendfsync ${fsync}`;
    findings.push({
      level: fsync === "no" ? "warning" : "ok",
      code: "appendonly",
      title: `There is an append-only file${how}`,
      why:
        fsync === "always"
          ? "What was acknowledged survives a crash."
          : fsync === "no"
            ? "The operating system decides when it is written: a crash may lose half a minute."
            : "A crash loses about a second.",
      ...(fsync === "no" && { fix: "CONFIG SET appendfsync everysec" }),
    });
  } else {
    const none = save === "";
    findings.push({
      level: none ? "error" : "warning",
      code: "appendonly",
      title: none ? "Nothing is written to disk" : "There is no append-only file",
      why: none
        ? "When the server ends, all threads and memories are lost."
        : "A crash loses everything since the last snapshot: minutes, or an hour.",
      fix: "CONFIG SET appendonly yes, and the same in redis.conf (or CONFIG REWRITE)",
    });
  }
  for (const [name, what] of [
    ["rdb_last_bgsave_status", "snapshot"],
    ["aof_last_write_status", "write of the append-only file"],
    ["aof_last_bgrewrite_status", "rewrite of the append-only file"],
  ] as const) {
    if ((info.get(name) ?? "ok") === "ok") continue;
    findings.push({
      level: "error",
      code: name.replaceAll("_", "-"),
      title: `The last ${what} failed`,
      why: "Redis may refuse all writes, and what is in memory only is lost at its end.",
      fix: "Look into the server's log: mostly the disk is full, or the directory is not writable.",
    });
  }
  return findings;
}

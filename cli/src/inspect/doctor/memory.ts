import { formatBytes } from "../../print/format.js";
import { type NodeFacts, type NodeFinding, numberOf } from "./facts.js";

/** Limit, eviction and use of a server's memory. */
export function checkMemory({ info }: NodeFacts): NodeFinding[] {
  if (info.size === 0) return [];
  return [...checkPolicy(info), ...checkEvictions(info), ...checkUse(info)];
}

function checkPolicy(info: NodeFacts["info"]): NodeFinding[] {
  const policy = info.get("maxmemory_policy");
  if (policy === undefined) return [];
  const code = "maxmemory-policy";
  if (policy === "noeviction") {
    const why = "When memory is full, writes fail and are reported; nothing is deleted.";
    return [{ level: "ok", code, title: "maxmemory-policy is noeviction", why }];
  }
  const limited = numberOf(info, "maxmemory") > 0;
  const every = policy.startsWith("allkeys");
  const what = every ? "any key" : "keys of threads and items that expire";
  return [
    {
      level: limited && every ? "error" : "warning",
      code,
      title: `maxmemory-policy is ${policy}`,
      why: `${limited ? "When memory is full" : "Once maxmemory is set and reached"}, Redis deletes ${what}: parts of threads and memories are lost.`,
      fix: "CONFIG SET maxmemory-policy noeviction",
    },
  ];
}

function checkEvictions(info: NodeFacts["info"]): NodeFinding[] {
  const evicted = numberOf(info, "evicted_keys");
  if (evicted === 0) return [];
  return [
    {
      level: "error",
      code: "evictions",
      title: `${evicted} keys were evicted since the server started`,
      why: "Some of them may have been parts of threads or items. A thread that lost a part is reported as damaged when it is read.",
      fix: "CONFIG SET maxmemory-policy noeviction, and more memory; then delete or restore the damaged threads.",
    },
  ];
}

function checkUse(info: NodeFacts["info"]): NodeFinding[] {
  const used = numberOf(info, "used_memory");
  const limit = numberOf(info, "maxmemory");
  if (limit === 0) {
    const title = `It uses ${formatBytes(used)}, without a limit`;
    const why = "Without maxmemory the operating system ends the server when memory is full.";
    return [{ level: "info", code: "maxmemory", title, why, fix: "CONFIG SET maxmemory <bytes>" }];
  }
  const share = used / limit;
  const title = `It uses ${formatBytes(used)} of ${formatBytes(limit)} (${Math.round(share * 100)} %)`;
  if (share < 0.8) return [{ level: "ok", code: "maxmemory", title, why: "There is room." }];
  return [
    {
      level: share < 0.95 ? "warning" : "error",
      code: "maxmemory",
      title,
      why: "When the limit is reached, agents cannot write any more.",
      fix: "Give it more memory, or free some: langgraph-redis prune --all --older-than 30d, or langgraph-redis expire.",
    },
  ];
}

import { type NodeFacts, type NodeFinding, numberOf } from "./facts.js";

/** Clocks that differ by more than this many milliseconds are a finding. */
const LARGEST_SKEW = 2_000;

/** Version, role and clock of a server. */
export function checkServer({ info, clockSkew }: NodeFacts): NodeFinding[] {
  if (info.size === 0) {
    return [
      {
        level: "info",
        code: "info-denied",
        title: "The server does not tell how it is",
        why: "Memory, persistence, replicas and evictions cannot be looked at without the command INFO.",
        fix: "ACL SETUSER <user> +info",
      },
    ];
  }
  return [...checkVersion(info), ...checkRole(info), ...checkCluster(info), ...checkClock(clockSkew)];
}

function checkVersion(info: NodeFacts["info"]): NodeFinding[] {
  const valkey = info.get("valkey_version");
  const version = info.get("redis_version") ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const name = valkey ? `Valkey ${valkey}` : `Redis ${version}`;
  const mode = info.get("redis_mode") ?? "standalone";
  if (major > 6 || (major === 6 && minor >= 2)) {
    return [
      {
        level: "ok",
        code: "version",
        title: `${name}, ${mode}`,
        why: "It has all commands that are needed.",
      },
    ];
  }
  return [
    {
      level: "error",
      code: "version",
      title: `${name} is too old`,
      why: "Threads and items need commands of Redis 6.2.",
      fix: "Use Redis 6.2 or later, or Valkey.",
    },
  ];
}

function checkRole(info: NodeFacts["info"]): NodeFinding[] {
  if (info.get("role") === "slave") {
    const host = `${info.get("master_host")}:${info.get("master_port")}`;
    return [
      {
        level: "error",
        code: "replica",
        title: "This server is a replica",
        why: "Agents cannot write to it, and what it answers may be old.",
        fix: `Connect to the master, ${host}, or use --sentinel or --cluster.`,
      },
    ];
  }
  const replicas = numberOf(info, "connected_slaves");
  if (replicas > 0) {
    const title = replicas === 1 ? "It has a replica" : `It has ${replicas} replicas`;
    return [
      { level: "ok", code: "replicas", title, why: "Another server has the data when this one fails." },
    ];
  }
  return [
    {
      level: "info",
      code: "replicas",
      title: "It has no replica",
      why: "While this server is down, agents can neither read nor write.",
      fix: "For production, add a replica with Redis Sentinel, use Redis Cluster or a managed service.",
    },
  ];
}

function checkCluster(info: NodeFacts["info"]): NodeFinding[] {
  const loading = info.get("loading") === "1";
  if (!loading) return [];
  return [
    {
      level: "warning",
      code: "loading",
      title: "It is loading its data",
      why: "Until that is done, commands fail.",
      fix: "Wait.",
    },
  ];
}

function checkClock(skew: number | undefined): NodeFinding[] {
  if (skew === undefined) return [];
  const seconds = (Math.abs(skew) / 1000).toFixed(1);
  if (Math.abs(skew) <= LARGEST_SKEW) {
    return [
      {
        level: "ok",
        code: "clock",
        title: "Its clock agrees with this machine's",
        why: "Ids and times of both agree.",
      },
    ];
  }
  return [
    {
      level: "warning",
      code: "clock",
      title: `Its clock is ${seconds} s ${skew > 0 ? "ahead of" : "behind"} this machine's`,
      why: "Ids of checkpoints come from the agents' clocks, expiry and the order of threads from the server's.",
      fix: "Let both set their clocks by NTP.",
    },
  ];
}

import type { NodeFacts, NodeFinding } from "./facts.js";

/** Commands of saver and store, with arguments that are right in number. `K` stands for a key below the prefix. */
const NEEDED = [
  "copy K K",
  "del K",
  "dump K",
  "evalsha 0 1 K",
  "exists K",
  "get K",
  "hdel K f",
  "hexists K f",
  "hget K f",
  "hgetall K",
  "hincrby K f 1",
  "hkeys K",
  "hlen K",
  "hmget K f",
  "hset K f v",
  "hsetnx K f v",
  "hstrlen K f",
  "hvals K",
  "memory usage K",
  "persist K",
  "pexpire K 1",
  "pexpireat K 1",
  "pttl K",
  "restore K 0 v",
  "set K v",
  "time",
  "type K",
  "unlink K",
  "zadd K 1 m",
  "zcard K",
  "zcount K 0 1",
  "zlexcount K - +",
  "zrange K 0 1",
  "zrangebylex K - +",
  "zrangebyscore K 0 1",
  "zrandmember K",
  "zrank K m",
  "zrem K m",
  "zrevrange K 0 1",
  "zrevrangebylex K + -",
  "zrevrangebyscore K 1 0",
  "zrevrank K m",
  "zscore K m",
];

/** Asks for each command whether the user may send it, without sending it; from Redis 7 on. */
const CHECK = `
if not redis.acl_check_cmd then return false end
local denied = {}
for _, line in ipairs(ARGV) do
  local command = {}
  for word in string.gmatch(line, '%S+') do command[#command + 1] = word == 'K' and KEYS[1] or word end
  local known, allowed = pcall(redis.acl_check_cmd, unpack(command))
  if known and not allowed then denied[#denied + 1] = line end
end
return denied`;

/** Whether the user has the rights that saver and store need. */
export async function checkRights({ node }: NodeFacts, keyPrefix: string): Promise<NodeFinding[]> {
  const key = `${keyPrefix}:{0}:doctor`;
  let denied: unknown;
  try {
    denied = await node.send("EVAL", CHECK, "1", key, ...NEEDED);
  } catch (error) {
    // Whatever else it is, the check of scripts has told it.
    return /NOPERM.*key/.test((error as Error).message) ? [keysDenied(keyPrefix)] : [];
  }
  if (!Array.isArray(denied)) return [];
  const commands = denied.map((line) =>
    String(line)
      .replace(/ (K|0|f).*$/, "")
      .replace(" ", "|"),
  );
  if (commands.length === 0) {
    const title = "The user may send all commands that are needed";
    return [{ level: "ok", code: "rights", title, why: "Asked of the server for each of them." }];
  }
  const only = commands.every((command) => command === "memory|usage");
  return [
    {
      level: only ? "info" : "error",
      code: "rights",
      title: `The user may not send ${commands.join(", ")}`,
      why: only ? "Sizes of threads cannot be told." : "Operations of agents will fail with NOPERM.",
      fix: `ACL SETUSER <user> ${commands.map((command) => `+${command}`).join(" ")}`,
    },
  ];
}

function keysDenied(keyPrefix: string): NodeFinding {
  return {
    level: "error",
    code: "rights",
    title: `The user may not use keys that begin with ${keyPrefix}:`,
    why: "Operations of agents will fail with NOPERM.",
    fix: `ACL SETUSER <user> ~${keyPrefix}:*`,
  };
}

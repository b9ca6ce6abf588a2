import type { ServerNode } from "../../connection.js";
import type { Finding } from "../types.js";

/** What `INFO` of a server says, by name. */
export type Info = ReadonlyMap<string, string>;

/** What the checks of one server begin with. */
export interface NodeFacts {
  node: ServerNode;
  /** Empty where the user may not ask. */
  info: Info;
  /** Milliseconds that the server's clock is before ours; undefined where it did not tell. */
  clockSkew: number | undefined;
}

/** A finding without the server that it is about. */
export type NodeFinding = Omit<Finding, "node">;

export async function readFacts(node: ServerNode): Promise<NodeFacts> {
  const [info, clockSkew] = await Promise.all([readInfo(node), readClock(node)]);
  return { node, info, clockSkew };
}

async function readInfo(node: ServerNode): Promise<Info> {
  const reply = await node.send("INFO").catch(() => "");
  const lines = String(reply).split(/\r?\n/);
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const colon = line.indexOf(":");
      return colon > 0 && !line.startsWith("#") ? [[line.slice(0, colon), line.slice(colon + 1)]] : [];
    }),
  );
}

async function readClock(node: ServerNode): Promise<number | undefined> {
  const before = Date.now();
  const reply = await node.send("TIME").catch(() => undefined);
  if (!Array.isArray(reply)) return undefined;
  const there = Number(reply[0]) * 1000 + Number(reply[1]) / 1000;
  return there - (before + Date.now()) / 2;
}

/** A setting of the server. @returns undefined where the user may not ask, or the server has none of that name. */
export async function readSetting(node: ServerNode, name: string): Promise<string | undefined> {
  const reply = await node.send("CONFIG", "GET", name).catch(() => undefined);
  return Array.isArray(reply) && reply.length > 1 ? String(reply[1]) : undefined;
}

/** A number that `INFO` tells; 0 where it does not. */
export function numberOf(info: Info, name: string): number {
  return Number(info.get(name) ?? 0) || 0;
}

import type { CacheNamespace } from "@langchain/langgraph-checkpoint";
import { executeAll, Script, type ScriptCall } from "../../redis/script.js";
import { type CacheContext, replyError } from "../context.js";
import clearSource from "./clear.lua";
import registrySource from "./registry.lua";

const CLEAR = new Script(registrySource, clearSource);

/** Removes the entries of namespaces, each exactly as it is named. @throws {OperationError} */
export async function clearNamespaces(
  { connection, keys }: CacheContext,
  namespaces: readonly CacheNamespace[],
): Promise<void> {
  const groups = namespaces.map((namespace) => ({ namespace, own: keys.ofNamespace(namespace) }));
  const replies = await executeAll(
    connection,
    groups.map(({ own }) => CLEAR.call([own.registry], [own.base, own.name])),
  );
  for (const [at, group] of groups.entries()) {
    const reply = replies[at];
    if (reply instanceof Error) throw replyError("clear", group, reply);
  }
}

/**
 * Removes the entries of all namespaces: a script for each partition, all of them in one round trip, and again only for
 * partitions of more than a thousand namespaces.
 *
 * A generation in the names of keys would be one write, but each read would have to ask for it first, on a cluster in
 * another node, and what is cleared would be left behind.
 *
 * @throws {OperationError}
 */
export async function clearAll({ connection, keys }: CacheContext): Promise<void> {
  let waiting = keys.partitions();
  while (waiting.length > 0) {
    const calls: ScriptCall[] = waiting.map(({ registry, base }) => CLEAR.call([registry], [base]));
    const left = await executeAll(connection, calls);
    waiting = waiting.filter((_, at) => {
      const reply = left[at];
      if (reply instanceof Error) throw reply;
      return Number(reply) > 0;
    });
  }
}

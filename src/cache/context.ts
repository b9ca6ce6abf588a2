import type { CacheFullKey, CacheNamespace, SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { quote } from "../describe.js";
import { CorruptRecordError, type LangGraphRedisError } from "../errors.js";
import type { Connection } from "../redis/command.js";
import { toOperationError } from "../redis/operation-error.js";
import type { EntryCodec } from "./entry-codec.js";
import type { CacheKeys, CacheNamespaceKeys } from "./keys.js";

/** What the operations of a cache work with. */
export interface CacheContext {
  readonly connection: Connection;
  readonly keys: CacheKeys;
  readonly serde: SerializerProtocol;
  readonly entries: EntryCodec;
}

/** Told of what failed while other parts of the same operation went on. */
export type ReportFailure = (error: LangGraphRedisError) => void;

/** Things with a key, all of one namespace. */
export interface NamespaceGroup<T> {
  readonly namespace: CacheNamespace;
  readonly own: CacheNamespaceKeys;
  readonly members: T[];
}

/** Things by namespace, as a script stores or reads those of one. */
export function byNamespace<T extends { readonly key: CacheFullKey }>(
  keys: CacheKeys,
  things: readonly T[],
): NamespaceGroup<T>[] {
  const groups = new Map<string, NamespaceGroup<T>>();
  for (const thing of things) {
    const [namespace] = thing.key;
    const own = keys.ofNamespace(namespace);
    const group = groups.get(own.name);
    if (group) group.members.push(thing);
    else groups.set(own.name, { namespace, own, members: [thing] });
  }
  return [...groups.values()];
}

/** The error for what Redis has answered about one namespace. */
export function replyError(
  operation: string,
  { namespace, own }: Pick<NamespaceGroup<unknown>, "namespace" | "own">,
  reply: Error,
): LangGraphRedisError {
  if (/\bWRONGTYPE\b/.test(reply.message)) {
    return new CorruptRecordError(
      `a key of cache namespace ${quote(namespace)}, or the registry that names it, holds another type of value than ` +
        "is stored there. clear([]) removes it",
      { key: own.base + own.name },
      { cause: reply },
    );
  }
  return toLangGraphRedisError(operation, reply, namespace);
}

/** What is told of an error of any kind. */
export function toLangGraphRedisError(
  operation: string,
  error: unknown,
  namespace?: CacheNamespace,
): LangGraphRedisError {
  return toOperationError({ operation, namespace }, error) as LangGraphRedisError;
}

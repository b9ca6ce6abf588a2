import type { CacheFullKey } from "@langchain/langgraph-checkpoint";
import type { LangGraphRedisError } from "langgraph-redis";

/** A key in the namespace `["a"]`, unless another one is given. */
export const key = (name: string, namespace: string[] = ["a"]): CacheFullKey => [namespace, name];

/** An entry whose value is its name. */
export const entry = (name: string, ttl?: number, namespace?: string[]) => ({
  key: key(name, namespace),
  value: name,
  ttl,
});

/** An `onError` that keeps what it is told. */
export function listener(): { errors: LangGraphRedisError[]; onError: (error: LangGraphRedisError) => void } {
  const errors: LangGraphRedisError[] = [];
  return { errors, onError: (error) => errors.push(error) };
}

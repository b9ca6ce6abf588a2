import type { EncryptionOptions } from "langgraph-redis";

/** Keys for tests. Those of `new RedisSaver` and the like are the same in every process. */
export const KEYS = {
  old: Buffer.alloc(32, 0x0d).toString("base64"),
  new: Buffer.alloc(32, 0x4e).toString("base64"),
};

export const ENCRYPTION: EncryptionOptions = { keys: { old: KEYS.old, new: KEYS.new }, current: "new" };

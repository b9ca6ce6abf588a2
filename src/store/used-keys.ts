import type { Cipher } from "../encryption/cipher.js";
import { EncryptionError } from "../errors.js";
import type { Connection, Reply } from "../redis/command.js";
import { execute } from "../redis/script.js";

/**
 * Which keys the items of a store are encrypted with. Filters and words are looked for by what is computed with the keys that
 * a store has: without a key that is in use it would find nothing of some items, and say nothing.
 *
 * Plain commands: between any two of them another process may do the same, with the same result.
 */

/**
 * Checks that all keys in use are there, and says that the current one is in use from now on.
 *
 * @param redisKey that of the hash of ids.
 * @throws {EncryptionError} naming the id of a key that is missing, or is another one than that which is in use.
 */
export async function useKeys(connection: Connection, redisKey: string, cipher: Cipher): Promise<void> {
  const own = cipher.fingerprints();
  for (;;) {
    const used = await readUsed(connection, redisKey);
    for (const [id, fingerprint] of used) checkKey(id, fingerprint, own.get(id), redisKey);
    if (used.has(cipher.keyId)) return;
    // What was used in vain here, being another key than somebody else's, is noticed in the next round.
    await execute(connection, {
      key: redisKey,
      args: ["HSETNX", redisKey, cipher.keyId, own.get(cipher.keyId) as string],
    });
  }
}

/** Says that no key but the current one is in use any more. */
export async function forgetOtherKeys(
  connection: Connection,
  redisKey: string,
  cipher: Cipher,
): Promise<void> {
  const others = [...(await readUsed(connection, redisKey)).keys()].filter((id) => id !== cipher.keyId);
  if (others.length > 0) await execute(connection, { key: redisKey, args: ["HDEL", redisKey, ...others] });
}

async function readUsed(connection: Connection, redisKey: string): Promise<Map<string, string>> {
  const reply = (await execute(connection, { key: redisKey, args: ["HGETALL", redisKey] })) as Reply[];
  const used = new Map<string, string>();
  for (let at = 0; at < reply.length; at += 2) used.set(String(reply[at]), String(reply[at + 1]));
  return used;
}

function checkKey(id: string, used: string, own: string | undefined, redisKey: string): void {
  if (own === used) return;
  const name = JSON.stringify(id);
  const problem =
    own === undefined
      ? `items of this store are encrypted with the key ${name}, which is not in encryption.keys. Add it there, ` +
        "until reencrypt([]) has encrypted all items with the current one"
      : `encryption.keys[${name}] is not the key of this id that items of this store are encrypted with`;
  throw new EncryptionError(problem, { keyId: id, location: { key: redisKey } });
}

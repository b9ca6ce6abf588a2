import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import type { RedisSaver } from "langgraph-redis";
import type { SaverContext } from "../../../src/checkpoint/context.js";
import { threadKeys } from "../../../src/checkpoint/keys.js";
import {
  type Rewrite,
  type RewriteOutcome,
  rewriteThread,
} from "../../../src/checkpoint/operations/rewrite-thread.js";
import type { ThreadTransform } from "../../../src/checkpoint/rewrite/transform.js";
import { randomName, tailDigestOf } from "../../../src/checkpoint/values/chunk.js";
import { unpack, unpackTail } from "../../../src/checkpoint/values/compression.js";
import { config, list } from "../../conformance/saver/steps.js";
import type { TestClient } from "../../helpers/redis.js";
import { rawHash, rawMembers } from "../helpers.js";

/** Rewrites with a transform of the test's own, as `reencrypt` and `copyThread` do with theirs. */
export function rewrite(
  saver: RedisSaver,
  source: string,
  transform: ThreadTransform,
  options: Partial<Rewrite> = {},
): Promise<RewriteOutcome> {
  const context = Reflect.get(saver, "context") as SaverContext;
  return rewriteThread(context, { source, transform, what: "rewriting", ...options });
}

/** Takes everything for outdated, and makes of it what it was. */
export function identity(): ThreadTransform {
  const stored = new Map<string, Buffer>();
  const open = (bytes: Buffer): string => {
    const text = unpack(bytes).toString("utf8");
    stored.set(text, bytes);
    return text;
  };
  const seal = (text: string): Buffer => stored.get(text) ?? Buffer.from(text, "utf8");
  return {
    isCurrent: () => false,
    segment: (name, bytes, references) => ({ name, stored: bytes, references }),
    tail: (name, bytes, references) => ({ name, stored: bytes, references }),
    openBody: (_field, _header, bytes) => open(bytes),
    sealBody: (_field, _header, text) => seal(text),
    openPayload: (_beginning, bytes) => open(bytes),
    sealPayload: (_beginning, text) => seal(text),
  };
}

/** Takes all compression away, and gives tails new names: they have other lengths afterwards, and references other digests. */
export function unpacking(): ThreadTransform {
  return {
    ...identity(),
    isCurrent: (bytes) => bytes[0] !== "z".charCodeAt(0) && bytes[0] !== "y".charCodeAt(0),
    segment: (name, bytes, references) => ({ name, stored: unpack(bytes), references }),
    tail: (_name, bytes, references) => {
      const name = randomName();
      const whole = unpackTail(bytes.subarray(0, references.at(-1)?.length), references.at(-1)?.size ?? 0);
      const cut = references.map(({ size }) => {
        const segment = whole.subarray(0, size);
        return { name, length: size, size, digest: tailDigestOf(segment, segment) };
      });
      return { name, stored: whole, references: cut };
    },
    openBody: (_field, _header, bytes) => unpack(bytes).toString("utf8"),
    sealBody: (_field, _header, text) => Buffer.from(text, "utf8"),
    openPayload: (_beginning, bytes) => unpack(bytes).toString("utf8"),
    sealPayload: (_beginning, text) => Buffer.from(text, "utf8"),
  };
}

/** Fields that say how the keys of a thread came about. */
const OWN_FIELDS = ["state", "rewritten"];

/** All that is stored of a thread, as it is, with what the partition knows of it. */
export async function rawThread(client: TestClient, keyPrefix: string, thread: string) {
  const { checkpoints, index, chunks, own, partition } = threadKeys(keyPrefix, thread);
  const hash = async (key: string) =>
    [...(await rawHash(client, key))].filter(([field]) => !OWN_FIELDS.includes(field)).sort();
  const sorted = (values: [string, Buffer][]) => values.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    checkpoints: sorted(await hash(checkpoints)),
    index: await rawMembers(client, index),
    chunks: sorted(await hash(chunks)),
    expires: await Promise.all(own.map((key) => client.pExpireTime(key))),
    partition: await Promise.all(partition.all.map((key) => client.zRangeWithScores(key, 0, -1))),
  };
}

/** All that a saver reads of a thread. */
export async function readThread(saver: RedisSaver, thread: string) {
  const tuples = await list(saver, { configurable: { thread_id: thread } });
  const namespaces = new Set(
    tuples.map(({ config: { configurable } }) => configurable?.checkpoint_ns as string),
  );
  const stats = await saver.threadStats(thread);
  return {
    tuples,
    latest: await Promise.all([...namespaces].map((ns) => saver.getTuple(config(thread, ns)))),
    histories: await Promise.all(
      [...namespaces]
        .filter((ns) =>
          endsSomewhere(tuples.filter((tuple) => tuple.config.configurable?.checkpoint_ns === ns)),
        )
        .map((ns) => saver.getDeltaChannelHistory({ config: config(thread, ns), channels: ["log", "l"] })),
    ),
    stats: stats && [stats.checkpoints, stats.namespaces],
  };
}

/** Whether the newest checkpoint has a first ancestor: random puts make checkpoints that descend from themselves. */
function endsSomewhere(tuples: readonly CheckpointTuple[]): boolean {
  const parents = new Map(
    tuples.map((tuple) => [tuple.checkpoint.id, tuple.parentConfig?.configurable?.checkpoint_id as string]),
  );
  const seen = new Set<string | undefined>();
  for (let at = tuples[0]?.checkpoint.id; at !== undefined; at = parents.get(at)) {
    if (seen.has(at)) return false;
    seen.add(at);
  }
  return true;
}

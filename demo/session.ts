/**
 * One process of the demo, started by main.ts: it opens its own connections, talks, and ends. Argument: "before" or
 * "after" (the restart).
 */
import { isDeepStrictEqual } from "node:util";
import { RedisSaver, RedisStore } from "langgraph-redis";
import { startChat } from "./chats.js";
import {
  afterRestart,
  beforeRestart,
  CHATS,
  type ChatName,
  chatNames,
  memories,
  type Turn,
} from "./conversation.js";
import { chooseModels, type Models } from "./models/index.js";
import { dim, milliseconds, plural, print } from "./print.js";
import { type Lookup, TimedEmbeddings, TimedStore } from "./timing.js";

const { DEMO_URL = "", DEMO_PREFIX = "" } = process.env;
const before = process.argv[2] === "before";

// When main.ts is gone, the server or its keys are going: so does this process.
const orphaned = () => process.exit(1);
process.once("disconnect", orphaned);

try {
  const models = await chooseModels();
  await models.embeddings.embedQuery("load the model now, not during the first look-up");
  for (const chat of chatNames) await talk(chat, models);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
// Nothing is open any more, so the process ends by itself: that it does is part of what the demo shows.
process.off("disconnect", orphaned);
process.disconnect?.();

async function talk(chat: ChatName, models: Models) {
  const keyPrefix = `${DEMO_PREFIX}-${chat}`;
  const embeddings = new TimedEmbeddings(models.embeddings);
  const checkpointer = await RedisSaver.fromConnString(DEMO_URL, { keyPrefix });
  const redisStore = await RedisStore.fromConnString(DEMO_URL, {
    keyPrefix,
    index: { dims: models.dims, embeddings },
  });
  try {
    const store = new TimedStore(redisStore, embeddings);
    const say = startChat[chat]({ model: models.chat, checkpointer, store });
    print(`  ${CHATS[chat]}`);
    for (const turn of before ? beforeRestart : afterRestart) {
      const answer = await say(turn.threadId, turn.userId, turn.says);
      report(turn, answer, store.takeLookups());
    }
    if (before) await reportMemories(redisStore);
    print("");
  } finally {
    await redisStore.stop();
    await checkpointer.end();
  }
}

function report(turn: Turn, answer: string, lookups: Lookup[]) {
  print(`    thread ${turn.threadId}  user ${turn.userId}  ${turn.says}`);
  print(`                  AI  ${answer}`);
  for (const { found, embedding, redis } of lookups) {
    const times = `${milliseconds(redis)} in Redis, ${milliseconds(embedding)} in the embedding model`;
    print(
      dim(`                      memory look-up: ${plural(found, "memory", "memories")} found, ${times}`),
    );
  }
  if (turn.proof) verdict(turn.proof.shows, turn.proof.holds(answer));
}

function verdict(claim: string, holds: boolean) {
  print(`                      ${holds ? "✓" : "✗"} ${claim}`);
  if (!holds) throw new Error(`this does not hold: ${claim}`);
}

async function reportMemories(store: RedisStore) {
  for (const [userId, expected] of Object.entries(memories)) {
    const items = await store.search(["memories", userId]);
    const found = items.map((item) => String(item.value.data));
    print(`    memories of user ${userId}: ${found.join(", ") || "none"}`);
    verdict(`exactly what user ${userId} asked to remember`, isDeepStrictEqual(found, expected));
  }
}

import { RedisSaver, RedisStore } from "langgraph-redis";
import { expect, onTestFinished, test } from "vitest";
import { freshPrefix } from "../helpers/redis.js";
import { startServer } from "../helpers/servers/index.js";
import { killAndRestart } from "./kills.js";
import { Ledger } from "./ledger.js";

test("a server that is killed 250 times during writes loses nothing that was acknowledged", async () => {
  const server = await startServer({ own: true, search: true, appendonly: true });
  onTestFinished(() => server.stop());
  const keyPrefix = freshPrefix();
  const saver = await RedisSaver.fromConnString(server.url, { keyPrefix });
  const store = await RedisStore.fromConnString(server.url, { keyPrefix });
  onTestFinished(async () => {
    await saver.end();
    await store.stop();
  });
  const ledger = new Ledger(saver, store);
  await killAndRestart(server, ledger, 250);
  console.log(`${ledger.acknowledged} writes acknowledged, ${ledger.errors.length} errors`);
  // Who has found the server loading or gone each time, for its whole commandTimeout, was told so.
  for (const { message } of ledger.errors) expect(message).toMatch(/^put.* failed: (LOADING|no answer)/);
  expect(ledger.errors.length).toBeLessThan(20);

  // A client that has seen nothing of all this reads the same.
  const other = await RedisSaver.fromConnString(server.url, { keyPrefix });
  onTestFinished(() => other.end());
  await ledger.verify(other);
});

import { RedisSaver } from "langgraph-redis";
import { expect, onTestFinished, test } from "vitest";
import { config, id, put } from "../conformance/saver/steps.js";
import { connect, freshPrefix } from "../helpers/redis.js";
import { startServer } from "../helpers/servers/index.js";
import { PAGE_SIZES, pagesOf, savers } from "./helpers.js";

test("threadStats returns undefined for a thread that is not there", async () => {
  const { saver } = await savers();
  await put(saver(), "other", { id: id(1) });
  expect(await saver().threadStats("t")).toBeUndefined();
});

test.each(PAGE_SIZES)(
  "threadStats counts checkpoints and namespaces exactly, in pages of %s",
  async (size) => {
    const { saver } = await savers();
    for (let count = 1; count <= 7; count++) {
      for (let n = 0; n < count; n++) await put(saver(), "t", { id: id(n) }, `ns${count}`);
      const { checkpoints, namespaces } = (await saver(pagesOf(size)).threadStats("t")) ?? {};
      expect({ checkpoints, namespaces }).toEqual({
        checkpoints: (count * (count + 1)) / 2,
        namespaces: count,
      });
    }
  },
);

test("threadStats counts no pending writes, and no namespace that has nothing else", async () => {
  const { saver } = await savers();
  await saver().putWrites(config("t", "child", id(1)), [["a", 1]], "task");
  expect(await saver().threadStats("t")).toMatchObject({ checkpoints: 0, namespaces: 0 });
});

test("threadStats says what the thread takes on the server, near enough", async () => {
  const { saver, client, key } = await savers();
  for (let n = 0; n < 200; n++)
    await put(saver(), "t", { id: id(n), values: { a: `${n} ${Math.random()} `.repeat(n) } });
  let exact = 0;
  for (const name of ["checkpoints", "index", "chunks"]) {
    exact += Number(await client.memoryUsage(key(name), { SAMPLES: 0 }));
  }
  const { bytes = 0 } = (await saver().threadStats("t")) ?? {};
  expect(bytes / exact).toBeGreaterThan(0.9);
  expect(bytes / exact).toBeLessThan(1.1);
});

test("threadStats returns no bytes to a user who may not ask for them, and the counts", async () => {
  const server = await startServer();
  onTestFinished(() => server.stop());
  const admin = await connect(server.url);
  await admin.sendCommand(["ACL", "SETUSER", "agent", "on", ">secret", "~*", "+@all", "-memory"]);
  const client = await connect(server.url, { username: "agent", password: "secret" });
  const saver = new RedisSaver({ client, keyPrefix: freshPrefix() });
  await put(saver, "t", { id: id(1) });
  expect(await saver.threadStats("t")).toEqual({ checkpoints: 1, namespaces: 1, bytes: undefined });
});

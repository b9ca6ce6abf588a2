import { describe, expect, onTestFinished, test } from "vitest";
import { EngineUnavailableError } from "../../src/store/errors.js";
import { StoreKeys } from "../../src/store/keys.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { connect, freshPrefix, plainRedisUrl, redisUrl } from "../helpers/redis.js";
import { openStore, textIndex } from "./helpers.js";

const database = (number: number) => `${redisUrl()}/${number}`;

describe("in a database other than 0", () => {
  test('engine "auto" takes core commands and stats tells why', async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix, index: textIndex() }, database(9));
    // The run deletes its keys in database 0 only.
    onTestFinished(() => store.deleteNamespace(["a"]).then(() => undefined));
    expect(store.engine).toBe("core");
    await store.put(["a"], "k", { text: "green apples" });
    expect(await store.search(["a"], { query: "green apples" })).toMatchObject([{ key: "k" }]);
    expect(await store.stats()).toMatchObject({
      engine: "core",
      engineReason: expect.stringContaining("database 0 only"),
      items: 1,
    });
    const inZero = await openStore({ keyPrefix, index: textIndex() });
    expect(inZero.engine).toBe("search");
    expect(await inZero.search([])).toEqual([]);
  });

  test('engine "search" is refused with the reason, and nothing is written', async () => {
    const keyPrefix = freshPrefix();
    const opening = RedisStore.fromConnString(database(9), { keyPrefix, engine: "search" });
    await expect(opening).rejects.toThrow(EngineUnavailableError);
    await expect(opening).rejects.toThrow(/database 0 only.*engine "core"/);
    const client = await connect(database(9));
    expect(await client.keys(`${keyPrefix}*`)).toEqual([]);
  });

  test.each(["auto", "search"] as const)(
    'engine "%s" finds out also where the connection may not tell its database',
    async (engine) => {
      const admin = await connect();
      const user = `user-${freshPrefix()}`;
      await admin.sendCommand(["ACL", "SETUSER", user, "on", ">secret", "~*", "+@all", "-client"]);
      onTestFinished(() => admin.sendCommand(["ACL", "DELUSER", user]).then(() => undefined));
      const client = await connect(database(9), {
        username: user,
        password: "secret",
        disableClientInfo: true,
      });
      const keyPrefix = freshPrefix();
      const store = new RedisStore({ client, keyPrefix, engine, index: textIndex() });
      const { definition, partitions } = new StoreKeys(keyPrefix);
      onTestFinished(() =>
        client.unlink([definition, ...partitions.map(({ serving }) => serving)]).then(() => undefined),
      );
      if (engine === "search") await expect(store.setup()).rejects.toThrow(EngineUnavailableError);
      else {
        await store.setup();
        expect(store.engine).toBe("core");
      }
    },
  );
});

test("stats tells why the server's search engine is not used", async () => {
  const auto = await openStore({}, plainRedisUrl());
  expect(await auto.stats()).toMatchObject({
    engine: "core",
    engineReason: expect.stringContaining("FT.SEARCH"),
  });
  const asked = await openStore({ engine: "core" });
  expect((await asked.stats()).engineReason).toBeUndefined();
  const search = await openStore();
  expect(await search.stats()).toMatchObject({ engine: "search", engineReason: undefined });
});

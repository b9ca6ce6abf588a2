import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/redis/command.js";
import { asClient, createConnection } from "../../src/redis/connection.js";
import { VersionConflictError } from "../../src/store/errors.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { connect, freshPrefix } from "../helpers/redis.js";
import { ENGINES, openStore, textIndex } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ url }) => {
  test("putItem resolves to the item as get reads it", async () => {
    const store = await openStore({ index: textIndex() }, url());
    const value = { text: "green apples", at: new Date(0), bytes: Buffer.from("x"), nothing: undefined };
    for (const options of [undefined, { ttl: 10 }, { ttl: null }, { index: ["at"] }]) {
      const item = await store.putItem(["a"], "k", value, options);
      expect(item).toEqual(await store.get(["a"], "k"));
      expect(item.value).toEqual({
        text: "green apples",
        at: "1970-01-01T00:00:00.000Z",
        bytes: Uint8Array.from(Buffer.from("x")),
      });
    }
    expect(await store.putItem(["a"], "plain", { n: 1 }, false)).toEqual(await store.get(["a"], "plain"));
  });

  test("putItem gives a version by which the next put is conditional", async () => {
    const store = await openStore({}, url());
    const first = await store.putItem(["a"], "k", { n: 1 }, { ifAbsent: true });
    const second = await store.putItem(["a"], "k", { n: 2 }, { ifVersion: first.version });
    expect(second.version).toBeGreaterThan(first.version);
    expect(second.createdAt).toEqual(first.createdAt);
    await expect(store.putItem(["a"], "k", { n: 3 }, { ifVersion: first.version })).rejects.toThrow(
      VersionConflictError,
    );
    await expect(store.putItem(["a"], "k", null as never)).rejects.toThrow(/Use delete/);
    expect((await store.get(["a"], "k"))?.value).toEqual({ n: 2 });
  });

  test("putItem that is sent again tells the version that it gave, whoever has put since", async () => {
    const keyPrefix = freshPrefix();
    const other = await openStore({ keyPrefix }, url());
    for (const overtaking of [0, 1, 2]) {
      const connection = createConnection(await connect(url()));
      let sentAgain = false;
      const resending: Connection = {
        pipeline: async (commands, signal) => {
          const replies = await connection.pipeline(commands, signal);
          if (!String(commands[0]?.args[0]).startsWith("EVAL") || replies[0] instanceof Error) return replies;
          if (commands[0]?.key.includes(":doc:") !== true) return replies;
          for (let n = 0; n < overtaking; n++) await other.put(["a"], `${overtaking}`, { by: "other" });
          sentAgain = true;
          return connection.pipeline(commands, signal);
        },
      };
      const store = new RedisStore({ client: asClient(resending), keyPrefix });
      const before = await other.putItem(["a"], `${overtaking}`, { by: "before" });
      const item = await store.putItem(["a"], `${overtaking}`, { by: "this" }, { ttl: 5 });
      expect(sentAgain).toBe(true);
      const stored = await other.get(["a"], `${overtaking}`);
      expect(item.value).toEqual({ by: "this" });
      expect(item.version).toBeGreaterThan(before.version);
      expect(item.createdAt).toEqual(before.createdAt);
      expect(item.expiresAt?.getTime()).toBe(item.updatedAt.getTime() + 5 * 60_000);
      if (overtaking === 0) expect(stored).toEqual(item);
      else {
        expect(stored?.value).toEqual({ by: "other" });
        expect(stored?.version).toBeGreaterThan(item.version);
        const next = store.putItem(["a"], `${overtaking}`, {}, { ifVersion: item.version });
        await expect(next).rejects.toThrow(VersionConflictError);
      }
    }
  });
});

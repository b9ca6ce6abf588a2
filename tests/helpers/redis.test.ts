import { beforeAll, expect, test } from "vitest";
import { connect, freshPrefix, plainRedisUrl, redisUrl, type TestClient } from "./redis.js";

let fileClient: TestClient;
let closedByTest: TestClient;
beforeAll(async () => {
  fileClient = await connect();
});

test("the run's server has a search engine that indexes at once and filters before KNN", async () => {
  const client = await connect();
  const prefix = freshPrefix();
  await client.ft.create(
    `${prefix}:idx`,
    {
      tag: { type: "TAG", CASESENSITIVE: true },
      vector: { type: "VECTOR", ALGORITHM: "HNSW", TYPE: "FLOAT32", DIM: 2, DISTANCE_METRIC: "COSINE" },
    },
    { ON: "HASH", PREFIX: `${prefix}:` },
  );
  const vector = (x: number, y: number) => Buffer.from(new Float32Array([x, y]).buffer);
  await client.hSet(`${prefix}:a`, { tag: "u1", vector: vector(1, 0) });
  await client.hSet(`${prefix}:b`, { tag: "U1", vector: vector(1, 0) });
  await client.hSet(`${prefix}:c`, { tag: "u1", vector: vector(0, 1) });
  const found = await client.ft.search(`${prefix}:idx`, "(@tag:{$tag})=>[KNN 5 @vector $v AS d]", {
    PARAMS: { tag: "u1", v: vector(1, 0) },
    RETURN: ["d"],
    SORTBY: "d",
    DIALECT: 2,
  });
  expect(found.documents.map((each) => each.id)).toEqual([`${prefix}:a`, `${prefix}:c`]);

  await client.del(`${prefix}:a`);
  const rest = await client.ft.search(`${prefix}:idx`, "@tag:{$tag}", { PARAMS: { tag: "u1" }, DIALECT: 2 });
  expect(rest.documents.map((each) => each.id)).toEqual([`${prefix}:c`]);
});

test("the plain server has none", async () => {
  const client = await connect(plainRedisUrl());
  await expect(client.sendCommand(["FT._LIST"])).rejects.toThrow(/unknown command/i);
  expect(plainRedisUrl()).not.toBe(redisUrl());
});

test("each prefix is fresh, and a glob pattern takes it literally", () => {
  expect(freshPrefix()).not.toBe(freshPrefix());
  expect(freshPrefix()).toMatch(/^t-[0-9a-f]{12}-[0-9a-f]{8}-[0-9a-f-]{36}$/);
});

test("a client is open during the test that asked for it", async () => {
  closedByTest = await connect();
  expect(await closedByTest.ping()).toBe("PONG");
});

test("and closed after it, while one of beforeAll stays open until the end of the file", async () => {
  expect(closedByTest.isOpen).toBe(false);
  expect(await fileClient.ping()).toBe("PONG");
});

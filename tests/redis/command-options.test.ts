import { RESP_TYPES } from "redis";
import { RESP_TYPES as RESP_TYPES_5 } from "redis-5";
import { expect, test } from "vitest";
import { RESP_TYPES as OURS } from "../../src/redis/clients/command-options.js";

test("types of replies are called as node-redis calls them, in each version", () => {
  expect(RESP_TYPES).toMatchObject(OURS);
  expect(RESP_TYPES_5).toMatchObject(OURS);
});

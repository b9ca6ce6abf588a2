import { expect, test } from "vitest";
import { slotOf } from "../../src/redis/slot.js";

// As a cluster of Redis 7 numbers them.
test.each([
  ["123456789", 12_739],
  ["foo", 12_182],
  ["langgraph:thread:{user-1}:chunks", 12_542],
  ["{}foo", 9_500],
  ["foo{}{bar}", 8_363],
  ["foo{{bar}}zap", 4_015],
  ["foo{bar}{zap}", 5_061],
  ["ключ", 10_303],
])("%s is in slot %i", (key, slot) => {
  expect(slotOf(key)).toBe(slot);
});

import { expect, test } from "vitest";
import { config, id, list, put, values } from "../conformance/saver/steps.js";
import { entry, PAGE_SIZES, pagesOf, savers } from "./helpers.js";

/** A text of a list's element that is a chunk by itself. */
const whole = (n: number) => `${n} `.repeat(5_000);

test.each(PAGE_SIZES)(
  "getTuple and list read all chunks of a value, %s at a time in the script",
  async (size) => {
    const { saver } = await savers(pagesOf(size));
    const writer = saver();
    for (let count = 0; count <= 7; count++) {
      const state = {
        chunks: Array.from({ length: count }, (_, n) => whole(n)),
        open: [...Array.from({ length: count }, (_, n) => whole(10 + n)), entry(count)],
        single: whole(20 + count),
      };
      const versions = { chunks: count + 1, open: count + 1, single: count + 1 };
      const at = await put(writer, "t", { id: id(count), values: state, versions });
      const writes = state.chunks.map((text, n): [string, unknown] => ["chunks", [text, n]]);
      await writer.putWrites(at, writes, "task");
      // A saver that has not seen the thread gets all of it from the script.
      expect(await values(saver(), config("t"))).toEqual(state);
      expect(await values(writer, config("t"))).toEqual(state);
      const [listed] = await list(saver(), config("t"), { limit: 1 });
      expect(listed?.checkpoint.channel_values).toEqual(state);
      expect(listed?.pendingWrites?.map(([, , value]) => value)).toEqual(writes.map(([, value]) => value));
    }
  },
);

test("getTuple reads a list of more chunks than one call of a script can fetch", async () => {
  const { saver } = await savers();
  const l = Array.from({ length: 1_500 }, (_, n) => whole(n).slice(0, 8_200));
  await put(saver(), "t", { id: id(1), values: { l } });
  expect(await values(saver(), config("t"))).toEqual({ l });
});

import { expect, it } from "vitest";
import { config, id, list, listIds, put } from "../../conformance/saver/steps.js";
import { openSaver } from "./helpers.js";

const text = (n: number) => `${n} `.repeat(200);

async function source(saver: Parameters<typeof put>[0]): Promise<void> {
  for (let n = 0; n < 12; n++) {
    const parent = n === 0 ? undefined : id(n - 1);
    const texts = Array.from({ length: n + 1 }, (_, at) => text(at));
    await put(saver, "source", {
      id: id(n),
      parent,
      values: { texts },
      versions: { texts: n },
      metadata: { run_id: "r" },
    });
  }
  await put(saver, "source", { id: id(50), values: { a: 1 } }, "child");
  await saver.putWrites(config("source", "", id(11)), [["texts", [text(99)]]], "task");
}

it("copyThread copies all checkpoints, namespaces and writes, independently of the original", async () => {
  const { saver } = await openSaver();
  await source(saver);
  await saver.copyThread("source", "target");
  const contents = async (thread: string) =>
    (await list(saver, { configurable: { thread_id: thread } })).map(
      ({ checkpoint, metadata, pendingWrites }) => ({
        checkpoint,
        metadata,
        pendingWrites,
      }),
    );
  const original = await contents("source");
  expect(await contents("target")).toEqual(original);
  await put(saver, "target", {
    id: id(60),
    parent: id(11),
    values: { texts: ["new"] },
    versions: { texts: 60 },
  });
  expect(await contents("source")).toEqual(original);
  await saver.deleteThread("source");
  expect((await contents("target")).slice(1)).toEqual(original);
});

it("copyThread makes a thread that listThreads returns and deleteForRuns finds", async () => {
  const { saver } = await openSaver();
  await source(saver);
  await saver.copyThread("source", "target");
  expect((await saver.listThreads()).map((thread) => thread.threadId)).toEqual(["target", "source"]);
  expect(await saver.deleteForRuns(["r"])).toBe(24);
});

it("copyThread refuses a target that exists and a source that does not", async () => {
  const { saver } = await openSaver();
  await source(saver);
  await put(saver, "target", { id: id(1) });
  await expect(saver.copyThread("source", "target")).rejects.toThrow('"target" exists');
  await expect(saver.copyThread("source", "source")).rejects.toThrow('"source" exists');
  await expect(saver.copyThread("nobody", "elsewhere")).rejects.toThrow('no thread "nobody"');
  expect(await listIds(saver, config("target"))).toEqual([id(1)]);
  expect(await saver.getTuple(config("elsewhere"))).toBeUndefined();
});

it("copyThread makes a thread that expires when the original would", async () => {
  const { saver, client, prefix } = await openSaver({ ttl: { defaultTTL: 60 } });
  await source(saver);
  await saver.expire("source", 5);
  await saver.copyThread("source", "target");
  const left = await client.pTTL(`${prefix}:thread:{target}:checkpoints`);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(5 * 60_000);
});

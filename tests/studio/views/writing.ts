import { describe, expect, test } from "vitest";
import { idOf, saveConversation } from "../seed.js";
import type { Shared } from "./shared.js";

export function writingTests(shared: Shared) {
  describe("writing", () => {
    test("without --write there is no button for it", async () => {
      const page = await shared.viewer.visit(shared.studio, "view=threads&thread=weather");
      await page.getByRole("treeitem").first().waitFor();
      await page.getByRole("tabpanel").waitFor();
      expect(await page.getByRole("button", { name: /Fork|Delete|Expire|Edit/ }).count()).toBe(0);
      expect(await page.getByText("read-only").count()).toBe(1);
    });

    test("forks, edits, expires and deletes, each after a question that says what goes", async () => {
      const own = await shared.viewer.serve({ write: true });
      const { saver, store } = own.context;
      await saveConversation(saver, "weather");
      await store.put(["notes"], "one", { text: "old" });
      await store.put(["notes"], "bytes", { text: "old", bytes: new Uint8Array([1, 2]) });
      const page = await shared.viewer.visit(own, `view=threads&thread=weather&ns=&checkpoint=${idOf(2)}`, {
        expected: /409 \(Conflict\)/,
      });
      const dialog = page.getByRole("dialog");

      await page.getByRole("button", { name: "Fork…" }).click();
      expect(await dialog.textContent()).toContain("This thread is not changed");
      await dialog.getByLabel("Thread").fill("what-if");
      await dialog.getByRole("button", { name: "Fork" }).click();
      await expect.poll(() => page.locator(".main-pane h2").textContent()).toBe("what-if");
      const forked = await saver.getTuple({ configurable: { thread_id: "what-if" } });
      const source = await saver.getTuple({ configurable: { thread_id: "weather", checkpoint_id: idOf(2) } });
      expect(forked?.metadata).toMatchObject({ source: "fork" });
      expect(forked?.checkpoint.channel_values).toEqual(source?.checkpoint.channel_values);
      expect(forked?.parentConfig?.configurable?.checkpoint_id).toBe(idOf(1));

      await page.getByRole("button", { name: "Delete…" }).click();
      expect(await dialog.textContent()).toMatch(/8 checkpoints .*in 2 namespaces/);
      await page.keyboard.press("Escape");
      await expect.poll(() => dialog.count()).toBe(0);
      expect(await saver.getTuple({ configurable: { thread_id: "what-if" } })).toBeDefined();
      await page.getByRole("button", { name: "Delete…" }).click();
      await dialog.getByRole("button", { name: "Delete thread" }).click();
      await expect.poll(() => saver.getTuple({ configurable: { thread_id: "what-if" } })).toBeUndefined();
      expect(await saver.getTuple({ configurable: { thread_id: "weather" } })).toBeDefined();

      await page.evaluate(
        `location.hash = ${JSON.stringify('view=memory&path=["notes"]&itemPath=["notes"]&key=one')}`,
      );
      await page.getByRole("button", { name: "Edit…" }).click();
      // Somebody else puts it meanwhile: nothing is overwritten.
      await store.put(["notes"], "one", { text: "theirs" });
      await dialog.getByRole("textbox").fill('{"text": "mine"}');
      await dialog.getByRole("button", { name: "Replace value" }).click();
      await expect.poll(() => dialog.getByRole("alert").textContent()).toContain("version");
      expect((await store.get(["notes"], "one"))?.value).toEqual({ text: "theirs" });
      await page.keyboard.press("Escape");
      await page.reload();
      await page.getByRole("button", { name: "Edit…" }).click();
      await dialog.getByRole("textbox").fill('{"text": "mine"}');
      await dialog.getByRole("button", { name: "Replace value" }).click();
      await expect.poll(async () => (await store.get(["notes"], "one"))?.value).toEqual({ text: "mine" });
      await expect.poll(() => dialog.count()).toBe(0);

      await page.getByRole("button", { name: "Expire…" }).click();
      await dialog.getByRole("spinbutton").fill("60");
      await dialog.getByRole("button", { name: "Set" }).click();
      await expect.poll(async () => (await store.get(["notes"], "one"))?.expiresAt).toBeInstanceOf(Date);
      await expect.poll(() => dialog.count()).toBe(0);
      await page.getByRole("button", { name: "Delete…" }).click();
      await dialog.getByRole("button", { name: "Delete item" }).click();
      await expect.poll(() => store.get(["notes"], "one")).toBeNull();

      // What the page can only describe it does not put.
      await page.evaluate(
        `location.hash = ${JSON.stringify('view=memory&path=["notes"]&itemPath=["notes"]&key=bytes')}`,
      );
      await expect.poll(() => page.locator(".pane-actions .hint").allTextContents()).toHaveLength(1);
      expect(await page.getByRole("button", { name: "Edit…" }).count()).toBe(0);
      expect(await page.getByRole("button", { name: "Expire…" }).count()).toBe(1);
    });
  });
}

import { AIMessage } from "@langchain/core/messages";
import { describe, expect, test } from "vitest";
import { save, saveAll } from "../seed.js";
import type { Shared } from "./shared.js";

export function sizeTests(shared: Shared) {
  describe("size", () => {
    test("10,000 threads are scrolled through, of which few are in the document", async () => {
      const many = await shared.viewer.serve();
      const { saver } = many.context;
      await save(saver, "thread-00000", { n: 1 });
      const copies = Array.from({ length: 9_999 }, (_, at) => `thread-${String(at + 1).padStart(5, "0")}`);
      for (let at = 0; at < copies.length; at += 500) {
        await Promise.all(copies.slice(at, at + 500).map((id) => saver.copyThread("thread-00000", id)));
      }
      const page = await shared.viewer.visit(many);
      const options = page.locator("[role=option]");
      await options.first().waitFor();
      await page.getByRole("listbox").focus();
      await page.keyboard.press("End");
      await expect.poll(() => page.locator("[role=option][aria-selected=true]").count()).toBe(1);
      await expect.poll(() => page.locator(".list-pane [role=status]").textContent()).not.toBe("100+");
      expect(await options.count()).toBeLessThan(60);
      await page.getByPlaceholder("Search thread ids").fill("09999");
      await expect.poll(() => options.allTextContents()).toHaveLength(1);
      expect(await options.textContent()).toContain("thread-09999");
    });

    test("a thread of 5,000 checkpoints with forks is shown, of which few are in the document", async () => {
      const large = await shared.viewer.serve();
      const checkpoints = Array.from({ length: 5_000 }, (_, at) => {
        const n = at + 1;
        return { n, parent: n === 1 ? undefined : n % 10 === 0 ? n - 3 : n - 1 };
      });
      await saveAll(large.context.saver, "large", checkpoints);
      const started = performance.now();
      const page = await shared.viewer.visit(large, "view=threads&thread=large");
      const items = page.getByRole("treeitem");
      await items.first().waitFor();
      const painted = performance.now() - started;
      await page.getByRole("status").getByText("5,000 checkpoints").waitFor();
      console.log(
        `5,000 checkpoints: painted after ${Math.round(painted)} ms, all after ${Math.round(performance.now() - started)} ms`,
      );
      expect(await items.count()).toBeLessThan(150);
      expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(2_000);
      const chosen = page.getByRole("treeitem", { selected: true });
      expect(await chosen.textContent()).toContain("step 4999");
      await page.getByRole("tree", { name: "Checkpoints" }).focus();
      await page.keyboard.press("Home");
      await expect.poll(() => chosen.textContent()).toContain("step 0");
      await expect.poll(() => chosen.isVisible()).toBe(true);
      expect(await items.count()).toBeLessThan(150);
    });
  });

  describe("what is large", () => {
    test("a value of megabytes is shown in parts", async () => {
      const own = await shared.viewer.serve();
      const text = "All work and no play. ".repeat(100_000);
      const messages = Array.from(
        { length: 500 },
        (_, at) => new AIMessage({ id: `m${at}`, content: `number ${at}` }),
      );
      const list = Array.from({ length: 20_000 }, (_, at) => ({ at }));
      await save(own.context.saver, "large", { n: 1, values: { messages, list, text } });
      const page = await shared.viewer.visit(own, "view=threads&thread=large");
      const pane = page.getByRole("tabpanel");
      await pane.getByText("number 499").first().waitFor();
      const size = () =>
        page.evaluate<number>("document.querySelector('[role=tabpanel]').textContent.length");
      expect(await size()).toBeLessThan(20_000);
      expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(2_000);
      await pane.getByRole("button", { name: /Show earlier messages/ }).click();
      await expect.poll(() => pane.locator(".message").count()).toBe(160);
      await pane.getByRole("button", { name: /show all 2,200,000 characters/ }).click();
      await expect.poll(size).toBeGreaterThan(2_200_000);
    });
  });
}

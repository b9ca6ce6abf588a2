import { describe, expect, test } from "vitest";
import { idOf, save } from "../seed.js";
import type { Shared } from "./shared.js";

export function threadsTests(shared: Shared) {
  describe("threads", () => {
    test("the list shows threads, newest first, and finds them by their ids", async () => {
      const page = await shared.viewer.visit(shared.studio);
      const list = page.getByRole("listbox", { name: "Threads" });
      await expect.poll(() => list.getByRole("option").allTextContents()).toHaveLength(2);
      expect(await list.getByRole("option").first().textContent()).toContain("second");
      await page.keyboard.press("/");
      await page.keyboard.type("weath");
      await expect.poll(() => list.getByRole("option").allTextContents()).toHaveLength(1);
      await page.keyboard.press("Escape");
      await expect.poll(() => list.getByRole("option").allTextContents()).toHaveLength(2);
    });

    test("the token leaves the address, and a page that is loaded again still has it", async () => {
      const page = await shared.viewer.visit(shared.studio);
      await page.locator("[role=option]").first().waitFor();
      expect(page.url()).not.toContain("token");
      await page.reload();
      await page.locator("[role=option]").first().waitFor();
    });

    test("a thread shows its checkpoints as a tree: forks, subgraphs, interrupts and errors", async () => {
      const page = await shared.viewer.visit(shared.studio, "view=threads&thread=weather");
      const tree = page.getByRole("tree", { name: "Checkpoints" });
      await expect.poll(() => tree.getByRole("treeitem").count()).toBe(7);
      await expect
        .poll(() => tree.locator(".group-title").allTextContents())
        .toEqual(["graph 5", "weather:task-1 2"]);
      expect(await tree.getByRole("treeitem", { name: /interrupted/ }).count()).toBe(1);
      expect(await tree.getByRole("treeitem", { name: /failed/ }).count()).toBe(1);
      // The newest one of the graph itself is chosen.
      expect(await tree.getByRole("treeitem", { selected: true }).textContent()).toContain("update");
    });

    test("arrow keys go from checkpoint to checkpoint", async () => {
      const page = await shared.viewer.visit(shared.studio, "view=threads&thread=weather");
      const tree = page.getByRole("tree", { name: "Checkpoints" });
      const chosen = () => tree.getByRole("treeitem", { selected: true }).textContent();
      await expect.poll(chosen).toContain("step 4");
      await tree.focus();
      const pressed: [key: string, now: string][] = [
        ["ArrowUp", "step 2"],
        ["ArrowDown", "step 3"],
        ["ArrowRight", "step 4"],
        ["ArrowLeft", "step 3"],
        ["Home", "step 0"],
        ["End", "step 4"],
      ];
      for (const [key, now] of pressed) {
        await page.keyboard.press(key);
        await expect.poll(chosen, { message: key }).toContain(now);
        const active = await tree.getAttribute("aria-activedescendant");
        expect(await page.locator(`[id="${active}"]`).getAttribute("aria-selected")).toBe("true");
      }
    });

    test("a checkpoint shows its conversation, other channels, writes, metadata, and what its step changed", async () => {
      const page = await shared.viewer.visit(
        shared.studio,
        `view=threads&thread=weather&ns=&checkpoint=${idOf(4)}`,
      );
      const pane = page.getByRole("region", { name: "Checkpoint", exact: true });
      await expect
        .poll(() => pane.locator(".message-head strong").allTextContents())
        .toEqual(["System", "User", "Assistant", "Tool", "Assistant"]);
      const text = await pane.textContent();
      expect(text).toContain("What is the weather in Paris?");
      expect(text).toContain("get_weather");
      expect(text).toContain("call-1");
      await pane.getByText("history:").click();
      await expect.poll(() => pane.getByText("degrees: 20").count()).toBeGreaterThan(0);
      expect(await pane.getByText("degrees: 130").count()).toBe(0);
      await pane.getByRole("button", { name: /Show more of 120/ }).click();
      await expect.poll(() => pane.getByText("degrees: 130").count()).toBe(1);

      await pane.getByRole("tab", { name: "State" }).focus();
      await page.keyboard.press("ArrowRight");
      await expect.poll(() => pane.locator(".part.added").allTextContents()).toHaveLength(1);
      expect(await pane.locator(".part.added").textContent()).toContain("It is 21 degrees in Paris.");
      await page.keyboard.press("ArrowRight");
      await expect.poll(() => pane.textContent()).toContain("Send this?");
      await page.keyboard.press("ArrowRight");
      await expect.poll(() => pane.getByRole("tabpanel").textContent()).toContain("source");
    });

    test("a thread that runs grows on the page", async () => {
      const { saver } = shared.studio.context;
      await save(saver, "running", { n: 1 });
      const page = await shared.viewer.visit(shared.studio, "view=threads&thread=running", {
        expected: /404/,
      });
      const items = page.getByRole("treeitem");
      await expect.poll(() => items.count()).toBe(1);
      await expect
        .poll(() => page.locator(".main-pane").getByRole("status").textContent())
        .toBe("1 checkpoint");
      await save(saver, "running", { n: 2, parent: 1, values: { answer: "forty-two" } });
      await expect.poll(() => items.count(), { timeout: 20_000 }).toBe(2);
      // The newest one is followed as long as nobody chooses another.
      await expect.poll(() => page.getByRole("tabpanel").textContent()).toContain("forty-two");
      // One that is deleted while it is shown says so, and is followed again when there is one of that name again.
      await saver.deleteThread("running");
      const alert = page.locator(".main-pane").getByRole("alert");
      await expect.poll(() => alert.allTextContents(), { timeout: 20_000 }).toHaveLength(1);
      expect(await alert.textContent()).toContain("was deleted");
      await save(saver, "running", { n: 3 });
      await expect.poll(() => items.count(), { timeout: 20_000 }).toBe(1);
      expect(await alert.count()).toBe(0);
      await saver.deleteThread("running");
    });

    test("a time that is none is shown with nothing hidden in it", async () => {
      const own = await shared.viewer.serve();
      const id = idOf(1);
      const checkpoint = { v: 4, id, ts: "\u001b[31m\u202enow", channel_values: {}, channel_versions: {} };
      await own.context.saver.put(
        { configurable: { thread_id: "odd", checkpoint_ns: "" } },
        { ...checkpoint, versions_seen: {} },
        { source: "input", step: -1, parents: {} },
        {},
      );
      const page = await shared.viewer.visit(own, "view=threads&thread=odd");
      const facts = page.locator(".checkpoint .facts");
      await expect.poll(() => facts.textContent()).toContain("\\u001b[31m\\u202enow");
      const text = (await page.locator("body").textContent()) ?? "";
      expect(["\u001b", "\u202e"].filter((hidden) => text.includes(hidden))).toEqual([]);
    });
  });
}

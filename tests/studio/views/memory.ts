import { RedisStore } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import type { Shared } from "./shared.js";

export function memoryTests(shared: Shared) {
  describe("memory", () => {
    test("namespaces are a tree, items have a filter, and an item shows all that it has", async () => {
      const page = await shared.viewer.visit(shared.studio, "view=memory");
      const tree = page.getByRole("tree", { name: "Namespaces" });
      const labels = () => tree.locator(".namespace-label").allTextContents();
      await expect.poll(labels).toEqual(["All items", "memories"]);
      await tree.getByText("memories").click();
      await tree.focus();
      await page.keyboard.press("ArrowRight");
      await expect.poll(labels).toEqual(["All items", "memories", "bob", "eve"]);
      const items = page.getByRole("listbox", { name: "Items" }).getByRole("option");
      await expect.poll(() => items.count()).toBe(3);
      await page.getByLabel("Filter, as JSON").fill('{"confidence": {"$gt": 0.5}}');
      await page.keyboard.press("Enter");
      await expect.poll(() => items.count()).toBe(1);
      await items.first().click();
      const pane = page.getByRole("region", { name: "Item", exact: true });
      await expect.poll(() => pane.textContent()).toContain("Likes pizza.");
      expect(await pane.locator(".facts dt").allTextContents()).toEqual([
        "Namespace",
        "Updated",
        "Created",
        "Version",
        "Expires",
        "Vectors",
      ]);
    });
  });

  describe("memory that is searched", () => {
    test("by words and by meaning, with scores", async () => {
      const vectorOf = (text: string) => (/food|pizza/.test(text) ? [1, 0, 0] : [0, 1, 0]);
      const embeddings = {
        embedQuery: async (text: string) => vectorOf(text),
        embedDocuments: async (texts: string[]) => texts.map(vectorOf),
      };
      const own = await shared.viewer.serve({ embeddings });
      const { server, keyPrefix } = own.context;
      const index = { dims: 3, embeddings, text: true };
      const store = new RedisStore({ client: server.client, keyPrefix, index });
      await store.put(["memories"], "one", { text: "Likes pizza." });
      await store.put(["memories"], "two", { text: "Is a baker." });
      const page = await shared.viewer.visit(own, "view=memory&path=%5B%22memories%22%5D");
      const items = page.getByRole("listbox", { name: "Items" }).getByRole("option");
      const titles = () => items.locator(".row-title").allTextContents();
      await expect.poll(titles).toHaveLength(2);
      await page.getByPlaceholder("Search by meaning").fill("food");
      await expect.poll(() => items.locator(".score").allTextContents()).toEqual(["1.000", "0.000"]);
      expect(await titles()).toEqual(["one", "two"]);
      await page.getByLabel("How to search").selectOption("text");
      await page.getByPlaceholder("Search by words").fill("baker");
      await expect.poll(titles).toEqual(["two"]);
    });
  });

  describe("health", () => {
    test("shows what doctor finds, memory by kind of key, and what the server does", async () => {
      const page = await shared.viewer.visit(shared.studio, "view=health");
      await expect.poll(() => page.locator(".finding").count()).toBeGreaterThan(3);
      await expect.poll(() => page.locator("tbody th").allTextContents()).not.toEqual([]);
      expect(await page.locator(".figures dt").allTextContents()).toEqual([
        "Operations per second",
        "Memory",
        "Clients",
      ]);
    });
  });
}

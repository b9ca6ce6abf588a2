import { AIMessage, ToolMessage } from "@langchain/core/messages";
import { describe, expect, test } from "vitest";
import { idOf, save } from "../seed.js";
import type { Shared } from "./shared.js";

export function safetyTests(shared: Shared) {
  describe("the policy of the page", () => {
    test("nothing inline runs, no markup is made of a text, and nothing else is asked", async () => {
      const expected = /Content Security Policy|Trusted(HTML|Script)/;
      const page = await shared.viewer.visit(shared.studio, "view=threads", { expected });
      await page.locator("[role=option]").first().waitFor();
      const failed = await page.evaluate<string[]>(`(async () => {
        const failed = [];
        const script = document.createElement("script");
        try { script.textContent = "window.ran = true"; } catch { failed.push("script text"); }
        document.body.append(script);
        try { document.body.innerHTML += "<b>x</b>"; } catch { failed.push("innerHTML"); }
        try { await fetch("http://localhost:1/"); } catch { failed.push("fetch"); }
        const violated = new Promise((resolve) => document.addEventListener("securitypolicyviolation", resolve, { once: true }));
        document.body.setAttribute("style", "color: red");
        await violated;
        return failed.concat(window.ran === undefined ? "inline script" : []);
      })()`);
      expect(failed).toEqual(["script text", "innerHTML", "fetch", "inline script"]);
      expect(await page.evaluate("getComputedStyle(document.body).color")).not.toBe("rgb(255, 0, 0)");
    });
  });

  describe("a hostile thread", () => {
    const HOSTILE = [
      "<script>alert(1)</script>",
      "<img src=x onerror=alert(1)>",
      "javascript:alert(1)",
      "\u202egnp.exe\u2066",
      "a&thread=b#view=health",
      "../../etc/passwd",
      "%00%2f\u0000",
      "__proto__",
      "constructor",
      "\"'`</div></body>",
      "x".repeat(3_000),
      "a|b:c\nd",
    ];

    /** Labels of namespaces have no dots, colons and NULs. */
    const labelOf = (text: string) => text.replaceAll(/[.:]/g, "_").replaceAll("\u0000", "_");

    test("is text wherever it stands: nothing executes, nothing breaks", async () => {
      const own = await shared.viewer.serve();
      const { saver, store } = own.context;
      for (const [at, text] of HOSTILE.entries()) {
        const message = new AIMessage({
          id: text,
          name: text,
          content: `${text} [link](javascript:alert(1))`,
        });
        message.tool_calls = [{ id: text, name: text, args: { [text]: text } }];
        const values = {
          messages: [message, new ToolMessage({ content: text, tool_call_id: text })],
          [text]: [text, { [text]: text }],
        };
        await save(saver, text, { n: 1, values, metadata: { [`m${text}`]: text } });
        await save(saver, text, { n: 2, parent: 1, ns: "", values: { messages: [message] } });
        await save(saver, text, { n: 3, ns: text, values });
        const config = { configurable: { thread_id: text, checkpoint_ns: "", checkpoint_id: idOf(2) } };
        await saver.putWrites(config, [[text, text]], `task-${at}`);
        await store.put(["n", labelOf(text)], text, { [text]: text, nested: { [text]: [text] } });
      }
      const page = await shared.viewer.visit(own, "view=threads");
      const go = (route: Record<string, string>) =>
        page.evaluate(`location.hash = ${JSON.stringify(new URLSearchParams(route).toString())}`);
      await expect.poll(() => page.locator("[role=option]").count()).toBeGreaterThan(5);
      for (const [at, text] of HOSTILE.entries()) {
        await go({
          view: "threads",
          thread: text,
          ns: at % 2 === 0 ? "" : text,
          checkpoint: idOf(at % 2 === 0 ? 2 : 3),
        });
        const pane = page.getByRole("region", { name: "Checkpoint", exact: true });
        await expect.poll(() => pane.locator(".message").count(), { message: text }).toBeGreaterThan(0);
        await expect.poll(() => page.getByRole("treeitem").count(), { message: text }).toBe(3);
        for (const tab of ["Difference", "Writes", "Metadata", "State"])
          await pane.getByRole("tab", { name: tab }).click();
        const path = JSON.stringify(["n", labelOf(text)]);
        await go({ view: "memory", path, itemPath: path, key: text });
        await expect
          .poll(() => page.locator(".detail-pane .json-name").count(), { message: text })
          .toBeGreaterThan(0);
        expect(await page.locator(".failure").count(), text).toBe(0);
      }
      // What they would have made of the page, had any of it been markup.
      expect(await page.locator("#app script, #app img, #app a[href^='javascript']").count()).toBe(0);
      // No character that turns the direction of the text around it is shown as it is in a name.
      await go({ view: "threads", thread: "\u202egnp.exe\u2066" });
      await expect.poll(() => page.locator(".main-pane h2").textContent()).toBe("\\u202egnp.exe\\u2066");
    });
  });

  describe("encrypted data", () => {
    test("are shown with the key, and otherwise as encrypted", async () => {
      const keys = {
        keys: { k1: Buffer.alloc(32, 7).toString("base64") },
        current: "k1",
        allowPlaintext: true,
      };
      const own = await shared.viewer.serve({ keys });
      await save(own.context.saver, "secret", { n: 1, values: { answer: "forty-two" } });
      await own.context.store.put(["notes"], "one", { text: "hidden" });
      const route = `view=threads&thread=secret&ns=&checkpoint=${idOf(1)}`;
      const page = await shared.viewer.visit(own, route);
      await expect.poll(() => page.getByRole("tabpanel").textContent()).toContain("forty-two");

      const without = await shared.viewer.serve({ keyPrefix: own.context.keyPrefix });
      const blind = await shared.viewer.visit(without, route, { expected: /400/ });
      await expect.poll(() => blind.getByRole("tabpanel").textContent()).toMatch(/Encrypted.*--key/);
      await expect.poll(() => blind.locator("[role=option]").textContent()).toContain("encrypted");
      await blind.evaluate(`location.hash = ${JSON.stringify('view=memory&path=["notes"]')}`);
      const items = blind.getByRole("region", { name: "Items", exact: true });
      await expect.poll(() => items.textContent()).toMatch(/encrypted/i);
      await blind.evaluate(
        `location.hash = ${JSON.stringify('view=memory&path=["notes"]&itemPath=["notes"]&key=one')}`,
      );
      const item = blind.getByRole("region", { name: "Item", exact: true });
      await expect.poll(() => item.textContent()).toMatch(/Encrypted.*--key/);
      expect(await item.textContent()).not.toContain("undefined");
      expect(await blind.locator("body").textContent()).not.toMatch(/hidden|option `encryption`/);
    });
  });
}

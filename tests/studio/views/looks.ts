import { describe, expect, test } from "vitest";
import { idOf } from "../seed.js";
import { scrollsSideways, seriousFindings } from "../viewer.js";
import type { Shared } from "./shared.js";

export function looksTests(shared: Shared) {
  describe("looks", () => {
    const views = [
      "view=threads",
      `view=threads&thread=weather&ns=&checkpoint=${idOf(4)}`,
      "view=memory&path=%5B%22memories%22%5D&itemPath=%5B%22memories%22%2C%22bob%22%5D&key=food",
      "view=health",
    ];
    for (const { dark, width } of [
      { dark: false, width: 1280 },
      { dark: true, width: 400 },
    ]) {
      test(`axe finds nothing serious, ${dark ? "dark" : "light"}, ${width} pixels wide`, async () => {
        const page = await shared.viewer.visit(shared.studio, "", { dark, width });
        for (const view of views) {
          await page.evaluate(`location.hash = ${JSON.stringify(view)}`);
          await page.locator("main :is(.pane, .page):visible").first().waitFor();
          await expect.poll(() => page.getByText(/^Loading/).count()).toBe(0);
          expect(await seriousFindings(page), view).toEqual([]);
          expect(await scrollsSideways(page), view).toBe(false);
        }
      });
    }

    test("the switch of colours is remembered", async () => {
      const page = await shared.viewer.visit(shared.studio);
      const background = () =>
        page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
      const light = await background();
      await page.getByLabel("Colours").selectOption("dark");
      await expect.poll(background).not.toBe(light);
      const dark = await background();
      await page.reload();
      await expect.poll(background).toBe(dark);
    });
  });
}

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { connect } from "../../cli/src/connection.js";
import { type InspectContext, openContext } from "../../cli/src/inspect/index.js";
import type { Keys } from "../../cli/src/options.js";
import { type Studio, type StudioOptions, startStudio } from "../../cli/src/studio/server.js";
import { freshPrefix, redisUrl } from "../helpers/redis.js";
import { launchChromium } from "./browser.js";
import { buildPage } from "./build-page.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface ServeOptions extends Pick<StudioOptions, "write" | "embeddings"> {
  keyPrefix?: string;
  keys?: Keys;
}

/** What the tests of a file share: one Chromium, the built page, and a server for each kind of data. */
export class Viewer {
  private readonly closing: (() => unknown)[] = [];

  private constructor(
    private readonly browser: Browser,
    private readonly page: string,
  ) {}

  static async open(): Promise<Viewer> {
    const page = await buildPage();
    const browser = await launchChromium();
    const viewer = new Viewer(browser, page.directory);
    viewer.closing.push(page.remove, () => browser.close());
    return viewer;
  }

  /** A viewer's server on an empty prefix, unless another one is named. */
  async serve(options: ServeOptions = {}): Promise<Studio & { context: InspectContext }> {
    const { keyPrefix = freshPrefix(), keys, ...rest } = options;
    const server = await connect({ url: redisUrl() }, {});
    this.closing.push(() => server.close());
    const context = openContext(server, keyPrefix, keys);
    const studio = await startStudio({ context, version: "0.0.0", page: this.page, ...rest });
    this.closing.push(studio.close);
    return { ...studio, context };
  }

  /** Opens the page in a session of its own; any unexpected error in it, or violation of its policy, fails the test. */
  async visit(
    studio: Studio,
    fragment = "",
    { width = 1280, height = 800, dark = false, expected = /^$/ } = {},
  ): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? "dark" : "light",
    });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const problems: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("dialog", (dialog) => {
      problems.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(new URL(studio.url).origin))
        problems.push(`a request to ${request.url()}`);
    });
    onTestFinished(async () => {
      await context.close();
      expect(problems.filter((problem) => !expected.test(problem))).toEqual([]);
    });
    await page.goto(fragment === "" ? studio.url : `${studio.url}&${fragment}`);
    return page;
  }

  async close(): Promise<void> {
    for (const close of this.closing.reverse()) await close();
  }
}

/** What axe finds that is serious or critical, as text. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Evaluated by the developer tools, which the page's policy does not concern.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`),
    );
}

/** Whether something is wider than the window. */
export const scrollsSideways = (page: Page) =>
  page.evaluate<boolean>("document.documentElement.scrollWidth > document.documentElement.clientWidth");

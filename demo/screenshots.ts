/**
 * Pictures of the viewer with the demo's data, for the documentation: `npm run screenshots`. Takes a Redis as the demo does, and
 * a Chromium.
 */
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { connect } from "../cli/src/connection.js";
import { openContext } from "../cli/src/inspect/index.js";
import { startStudio } from "../cli/src/studio/server.js";
import { startServer, sweepAtEnd } from "../tests/helpers/servers/index.js";
import { launchChromium } from "../tests/studio/browser.js";
import { chooseModels } from "./models/index.js";
import { print } from "./print.js";
import { converse } from "./processes.js";

const FOLDER = fileURLToPath(new URL("../docs/studio/", import.meta.url));
const PAGE = fileURLToPath(new URL("../cli/dist/page", import.meta.url));

interface Picture {
  name: string;
  route: Record<string, string>;
  width?: number;
  height?: number;
  dark?: boolean;
}

const memory = JSON.stringify(["memories", "1"]);
const PICTURES: Picture[] = [
  { name: "threads", route: { view: "threads", thread: "1" } },
  { name: "threads-dark", route: { view: "threads", thread: "1" }, dark: true },
  { name: "threads-narrow", route: { view: "threads", thread: "1" }, width: 400, height: 720, dark: true },
  { name: "memory", route: { view: "memory", path: memory } },
  { name: "health", route: { view: "health" } },
];

const server = await startServer();
const prefix = `demo-${randomBytes(6).toString("hex")}`;
const sweep = sweepAtEnd(server.url, prefix);
const browser = await launchChromium();
try {
  await converse(server.url, prefix, { quiet: true });
  const redis = await connect({ url: server.url }, {});
  const context = openContext(redis, `${prefix}-graph`);
  const { embeddings } = await chooseModels();
  const studio = await startStudio({ context, version: "", page: PAGE, embeddings });
  try {
    for (const picture of PICTURES) await take(browser, studio.url, picture);
  } finally {
    await studio.close();
    await redis.close();
  }
} finally {
  await browser.close();
  await sweep().finally(() => server.stop());
}

async function take(browser: Browser, url: string, { name, route, ...look }: Picture): Promise<void> {
  const { width = 1280, height = 760, dark = false } = look;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: dark ? "dark" : "light" });
  await page.goto(`${url}&${new URLSearchParams(route)}`);
  if (route.view === "memory") {
    await page.getByPlaceholder("Search by meaning").fill("what is my name?");
    await page.locator(".score").first().waitFor();
    await page.getByRole("listbox", { name: "Items" }).getByRole("option").first().click();
  }
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: `${FOLDER}${name}.png`, animations: "disabled" });
  await page.close();
  print(`docs/studio/${name}.png`);
}

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { install, onPath } from "../helpers/servers/requirements.js";

/** Where programs of distributions and of macOS are, most usual first. */
const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** Of a sandbox, a GPU and of Google's services there is nothing in a container. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * A headless Chromium: the one at `CHROMIUM_PATH`, or an installed one, or Debian's, which is installed where that is possible
 * without asking.
 */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? installed() ?? (await installChromium());
  return chromium.launch({ executablePath, args: ARGS });
}

function installed(): string | undefined {
  const found = PROGRAMS.map(onPath).find((path) => path !== undefined);
  return found ?? (existsSync(MAC) ? MAC : undefined);
}

async function installChromium(): Promise<string> {
  try {
    await install(["chromium"], console.log);
  } catch (error) {
    throw new Error(`The tests of the viewer need Chromium: ${(error as Error).message}`);
  }
  const path = installed();
  if (path === undefined) throw new Error("apt-get installed chromium, but it is not on the PATH.");
  return path;
}

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { plainRedisUrl, proxied } from "../helpers/redis.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A process whose client loses its connection. @returns what it printed, or how it ended. */
async function run(listener: string): Promise<string> {
  const proxy = await proxied(plainRedisUrl());
  const program = `
    import { createClient } from "redis";
    const client = createClient({ url: ${JSON.stringify(proxy.url)} });
    ${listener}
    await client.connect();
    console.log("connected");
    await new Promise((resolve) => client.on("reconnecting", () => client.once("ready", resolve)));
    console.log("again");
    client.destroy();`;
  const running = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: ROOT,
  });
  running.child.stdout?.on("data", (text) => {
    if (String(text).includes("connected")) proxy.cutAll();
  });
  return running.then(
    ({ stdout }) => stdout,
    (error: Error) => `ended: ${error.message}`,
  );
}

test("a client of node-redis survives a broken connection with a listener for errors, and not without", async () => {
  expect(await run('client.on("error", () => {});')).toContain("again");
  expect(await run("")).toMatch(/^ended: /);
});

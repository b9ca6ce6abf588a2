import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../../helpers/servers/index.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const entry = fileURLToPath(new URL("program.ts", import.meta.url));
const alias = {
  "langgraph-redis/ioredis": join(root, "src/ioredis.ts"),
  "langgraph-redis": join(root, "src/index.ts"),
};
/** For CommonJS dependencies inside an ES module. */
const banner = 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);';

let server: TestServer;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "langgraph-redis-bundled-"));
  server = await startServer({ own: true });
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await server?.stop();
});

/** Each writes a bundle into the directory and returns its path. */
const bundlers: Record<string, () => Promise<string>> = {
  esbuild: async () => {
    const outfile = join(directory, "esbuild.mjs");
    await esbuild({
      entryPoints: [entry],
      outfile,
      bundle: true,
      minify: true,
      platform: "node",
      format: "esm",
      target: "node20",
      alias,
      loader: { ".lua": "text" },
      banner: { js: banner },
      logLevel: "error",
    });
    return outfile;
  },
  vite: async () => {
    const outDir = join(directory, "vite");
    await vite({
      configFile: false,
      root,
      logLevel: "error",
      ssr: { noExternal: true },
      resolve: { alias },
      plugins: [
        {
          name: "lua-as-text",
          transform: (code, id) =>
            id.endsWith(".lua") ? `export default ${JSON.stringify(code)};` : undefined,
        },
      ],
      build: {
        ssr: entry,
        outDir,
        minify: true,
        target: "node20",
        rolldownOptions: { output: { entryFileNames: "[name].mjs" } },
      },
    });
    return join(outDir, "program.mjs");
  },
};

test.each(Object.keys(bundlers))(
  "a program minified by %s tells replies of Redis from failed connections, whatever the client",
  async (name) => {
    const bundle = (await bundlers[name]?.()) as string;
    const redis = createRequire(import.meta.url).resolve("redis");
    const { stdout } = await promisify(execFile)(process.execPath, [bundle, server.url, redis]);
    const seen = Object.assign(
      {},
      ...stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    );
    const expected = {
      scriptsForgotten: { color: "red" },
      indexDropped: ["a", "b"],
      errorReply: ["1: WRONGTYPE"],
      othersOfTheBatch: [{ text: "green tea" }, { text: "juice" }],
      connectionDropped: 100,
    };
    expect(seen).toEqual({
      "connections of the package": expected,
      "node-redis": expected,
      "another copy of node-redis": expected,
      ioredis: expected,
      undecodablePassword: true,
    });
  },
);

import { readFile } from "node:fs/promises";
import { defineConfig, type Options } from "tsup";

/** Bundles scripts as text, without the lines that are comments: half of them, which no server and no user needs. */
const lua: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "lua",
  setup(build) {
    build.onLoad({ filter: /\.lua$/ }, async ({ path }) => {
      const lines = (await readFile(path, "utf8")).split("\n");
      const code = lines.filter((line) => !/^\s*--/.test(line) || line.startsWith("--- @include"));
      return { contents: code.join("\n"), loader: "text" };
    });
  },
};

export default defineConfig({
  entry: {
    index: "src/index.ts",
    ioredis: "src/ioredis.ts",
    migrate: "src/migrate.ts",
    opentelemetry: "src/opentelemetry.ts",
  },
  format: ["esm", "cjs"],
  target: "node20",
  dts: true,
  clean: true,
  // Scripts live in .lua files beside the code that runs them.
  esbuildPlugins: [lua],
  // CommonJS loads node-redis with require(): import() does not work everywhere, for example not in Jest.
  esbuildOptions(options, { format }) {
    if (format === "cjs") options.supported = { ...options.supported, "dynamic-import": false };
  },
});

import { defineConfig } from "tsup";

export default defineConfig({
  entry: { index: "src/index.ts", ioredis: "src/ioredis.ts" },
  format: ["esm", "cjs"],
  target: "node20",
  dts: true,
  clean: true,
  // Scripts live in .lua files beside the code that runs them and are bundled as text.
  loader: { ".lua": "text" },
  // CommonJS loads node-redis with require(): import() does not work everywhere, for example not in Jest.
  esbuildOptions(options, { format }) {
    if (format === "cjs") options.supported = { ...options.supported, "dynamic-import": false };
  },
});

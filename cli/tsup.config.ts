import { defineConfig } from "tsup";

export default defineConfig({
  entry: { main: "src/main.ts" },
  format: ["esm"],
  target: "node20",
  // The viewer's page is built into dist/page by Vite.
  clean: ["dist/*.js"],
  // Chunks: a command loads what it needs, and no more.
  splitting: true,
});

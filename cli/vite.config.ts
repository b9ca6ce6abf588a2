import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** The viewer's page: `cli/page` becomes `cli/dist/page`, which `langgraph-redis studio` serves. */
export default defineConfig({
  root: fileURLToPath(new URL("./page", import.meta.url)),
  // Relative addresses, as the page does not know on which port it will be served.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: fileURLToPath(new URL("./dist/page", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    // The Content-Security-Policy allows files of the page only: nothing may become a data: address or an inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});

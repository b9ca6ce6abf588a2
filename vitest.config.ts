import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Lua files are imported as text, as the build does. */
const luaAsText = {
  name: "lua-as-text",
  transform(code: string, id: string) {
    return id.endsWith(".lua") ? `export default ${JSON.stringify(code)};` : undefined;
  },
};

export default defineConfig({
  plugins: [luaAsText],
  resolve: {
    alias: {
      "langgraph-redis/ioredis": fileURLToPath(new URL("./src/ioredis.ts", import.meta.url)),
      "langgraph-redis/opentelemetry": fileURLToPath(new URL("./src/opentelemetry.ts", import.meta.url)),
      "langgraph-redis/migrate": fileURLToPath(new URL("./src/migrate.ts", import.meta.url)),
      "langgraph-redis": fileURLToPath(new URL("./src/index.ts", import.meta.url)),
    },
  },
  test: {
    globals: true,
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/helpers/global-setup.ts"],
    // By default one core is left to others, which of two is half of all.
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
  },
});

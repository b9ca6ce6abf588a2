import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Lua files are imported as text, as the build does. */
const luaAsText = {
  name: "lua-as-text",
  transform(code: string, id: string) {
    return id.endsWith(".lua") ? `export default ${JSON.stringify(code)};` : undefined;
  },
};

/** Vitest knows how long a file takes only after it ran it once. A long one that begins last keeps one worker busy alone. */
const LONG = [
  "checkpoint/model/model.test.ts",
  "store/model/search-model.test.ts",
  "store/model/model.test.ts",
  "package/package.test.ts",
  "conformance/saver/model.test.ts",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONG.findIndex((name) => moduleId.endsWith(`/tests/${name}`));
      return at === -1 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

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
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
  },
});

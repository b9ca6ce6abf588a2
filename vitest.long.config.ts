import { defineConfig, mergeConfig } from "vitest/config";
import config from "./vitest.config.js";

/** What takes minutes by itself, and every suite with every client: `npm run test:long`. */
export default mergeConfig(
  { ...config, test: { ...config.test, include: [] } },
  defineConfig({
    test: {
      include: ["tests/**/*.long.ts", "tests/clients/**/*.test.ts"],
      env: { LANGGRAPH_REDIS_TEST_MATRIX: "whole" },
      testTimeout: 900_000,
      fileParallelism: false,
    },
  }),
);

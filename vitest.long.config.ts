import { defineConfig, mergeConfig } from "vitest/config";
import config from "./vitest.config.js";

/** Tests that take minutes, by themselves: `npm run test:long`. */
export default mergeConfig(
  { ...config, test: { ...config.test, include: [] } },
  defineConfig({ test: { include: ["tests/**/*.long.ts"], testTimeout: 900_000, fileParallelism: false } }),
);

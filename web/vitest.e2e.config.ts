import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: {
    include: ["tests/e2e/**/*.test.ts"],
    environment: "node",
    globalSetup: ["tests/e2e/global.ts"],
    // One browser at a time, and as many pages in it as there are processors, within reason: a page keeps one busy.
    fileParallelism: false,
    maxConcurrency: Math.min(Math.max(availableParallelism(), 2), 4),
    testTimeout: 240_000,
    hookTimeout: 60_000,
  },
});

import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "node",
    globalSetup: ["tests/global.ts"],
    // One browser at a time, and as many pages in it as there are processors, within reason: a page keeps one busy.
    fileParallelism: false,
    maxConcurrency: Math.min(Math.max(availableParallelism(), 2), 4),
    // Bounds that tell a hang from a machine that is busy with other things.
    testTimeout: 600_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 100 } },
  },
});

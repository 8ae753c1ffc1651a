import { defineConfig } from "vitest/config";

const api = process.env.LOLJOA_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: "manifest.json",
    // What pages share comes with the first load, in one file: it is small, and a page then costs one request.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "shared", test: /node_modules|src\/(api|app|components|i18n\/(index|ko|en)|lib)/ },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": api, "/.well-known": api } },
  test: {
    include: ["tests/unit/**/*.test.{ts,tsx}"],
    environment: "happy-dom",
    setupFiles: ["tests/unit/setup.ts"],
    restoreMocks: true,
  },
});

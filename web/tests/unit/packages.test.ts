import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const TOOLS = /playwright|puppeteer|lighthouse|chrom(e|ium)-|axe-core|devtools/;

function installed(lock: string): string[] {
  const { packages } = JSON.parse(readFileSync(lock, "utf8")) as { packages: Record<string, unknown> };
  return Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, ""));
}

test("what drives a browser is in a package of its own, apart from what the app is built of", () => {
  expect(installed("package-lock.json").filter((name) => TOOLS.test(name))).toEqual([]);
  expect(installed("browser/package-lock.json").filter((name) => TOOLS.test(name))).toContain(
    "playwright-core",
  );
});

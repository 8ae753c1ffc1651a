// What the build packs for those who serve it.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterEach, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "precompress-"));
afterEach(() => rmSync(folder, { recursive: true }));

it("packs what gets smaller by it, whole and beside itself", () => {
  const script = "run();".repeat(1000);
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "assets/app.js"), script);
  writeFileSync(join(folder, "small.json"), "{}");
  writeFileSync(join(folder, "picture.webp"), randomBytes(5000));
  execFileSync(process.execPath, ["scripts/precompress.mjs", folder]);
  const there = readdirSync(folder, { recursive: true }).map(String).sort();
  expect(there).toEqual([
    "assets",
    "assets/app.js",
    "assets/app.js.br",
    "assets/app.js.gz",
    "picture.webp",
    "small.json",
  ]);
  expect(brotliDecompressSync(readFileSync(join(folder, "assets/app.js.br"))).toString()).toBe(script);
  expect(gunzipSync(readFileSync(join(folder, "assets/app.js.gz"))).toString()).toBe(script);
}, 60_000);

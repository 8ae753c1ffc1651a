// Prints the compressed size of the script of a first load and fails above the budget.
import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

const BUDGET = 100_000;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("manifest.json", dist), "utf8"));

// The entry, which holds the home page, with all that it imports.
const seen = new Set();
function visit(key) {
  if (seen.has(key)) return;
  seen.add(key);
  manifest[key].imports?.forEach(visit);
}
visit("index.html");

let gzip = 0;
let brotli = 0;
for (const key of seen) {
  const script = readFileSync(new URL(manifest[key].file, dist));
  gzip += gzipSync(script).length;
  brotli += brotliCompressSync(script).length;
}
const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(`first-load script: ${kB(gzip)} gzip, ${kB(brotli)} brotli (budget ${kB(BUDGET)} gzip)`);
if (gzip > BUDGET) {
  console.error("the first load is over its budget");
  process.exit(1);
}

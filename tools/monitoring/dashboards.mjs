// Writes the chart's dashboards from dashboards/*.mjs: `node dashboards.mjs`. With --check it says which are not what they would be.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "./build.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = here("../../helm/loljoa/monitoring/dashboards");

async function made() {
  const files = readdirSync(here("dashboards")).filter((name) => name.endsWith(".mjs"));
  const specs = await Promise.all(files.map(async (name) => (await import(`./dashboards/${name}`)).default));
  return new Map(specs.map((spec) => [`${spec.id}.json`, `${JSON.stringify(build(spec), null, 2)}\n`]));
}

function present() {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

mkdirSync(folder, { recursive: true });
const [wanted, found] = [await made(), present()];
const stale = [...new Set([...wanted.keys(), ...found.keys()])].filter(
  (name) => wanted.get(name) !== found.get(name),
);
if (process.argv.includes("--check")) {
  if (stale.length > 0) {
    console.error(`not what tools/monitoring makes: ${stale.join(", ")}; run: make dashboards`);
    process.exit(1);
  }
} else {
  for (const name of stale) {
    if (wanted.has(name)) writeFileSync(join(folder, name), wanted.get(name));
    else rmSync(join(folder, name));
  }
}

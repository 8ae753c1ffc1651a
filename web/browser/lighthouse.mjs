// A report, not a test: Lighthouse on the home page of the LOL.JOA at LOLJOA_URL, into reports/.
import { mkdirSync, readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const url = process.env.LOLJOA_URL;
if (!url) {
  console.error("LOLJOA_URL says where LOL.JOA runs, such as http://127.0.0.1:8080");
  process.exit(64);
}
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
mkdirSync(here("../reports"), { recursive: true });
const flags =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

for (const form of ["mobile", "desktop"]) {
  const report = here(`../reports/lighthouse-${form}`);
  const run = spawnSync(
    here("./node_modules/.bin/lighthouse"),
    [
      url,
      `--chrome-flags=${flags}`,
      "--output=json",
      "--output=html",
      `--output-path=${report}`,
      "--quiet",
      "--only-categories=performance,accessibility,best-practices",
      ...(form === "desktop" ? ["--preset=desktop"] : []),
    ],
    { stdio: "inherit", env: { ...process.env, CHROME_PATH: process.env.CHROMIUM ?? "/usr/bin/chromium" } },
  );
  if (run.status !== 0) process.exit(run.status ?? 1);
  const { categories, audits } = JSON.parse(readFileSync(`${report}.report.json`, "utf8"));
  const scores = Object.values(categories).map(({ title, score }) => `${title} ${Math.round(score * 100)}`);
  console.log(`${form}: ${scores.join(", ")}`);
  for (const { title, score, scoreDisplayMode } of Object.values(audits)) {
    if (score !== null && score < 0.9 && scoreDisplayMode !== "informative")
      console.log(`  ${title}: ${score}`);
  }
}

// A LOL.JOA, a Prometheus that reads it and a collector of traces, on ports and in a folder of their own. All are gone afterwards.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { Collector } from "./collector.mjs";
import { MONITORING } from "./queries.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const BUILDS = ["../../target/debug/loljoa", "../../target/release/loljoa"].map(here);
/** How often it is scraped, and rules are evaluated. */
const EVERY = "1s";
const EXEMPLARS = ["--enable-feature", "exemplar-storage"];

const children = [];

/** Starts both, has `use` look at them, and ends them whatever came of it. */
export async function withSystem(use) {
  // PostgreSQL runs as an unprivileged user, who has to reach its data.
  const home = mkdtempSync(join(tmpdir(), "loljoa-monitoring-"));
  chmodSync(home, 0o755);
  const interrupted = new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"])
      process.on(signal, () => reject(new Error(`ended by ${signal}`)));
  });
  try {
    return await Promise.race([interrupted, start(home).then(use)]);
  } finally {
    await Promise.all(children.map(end));
    rmSync(home, { recursive: true, force: true });
  }
}

async function start(home) {
  const program = process.env.LOLJOA_BIN ?? BUILDS.find(existsSync);
  if (!program) throw new Error("LOLJOA_BIN is not set and no loljoa is built: run `cargo build -p loljoa`");
  const [edge, own] = [await freePort(), await freePort()];
  const collector = await Collector.listen();
  const options = ["--data-dir", join(home, "data"), "--listen", `127.0.0.1:${edge}`, "--processes"];
  options.push("--otlp", collector.url);
  const season = ["--replay-week", "3", "--replay-interval", "8s", "--bettors", "8"];
  const loljoa = child(program, ["up", ...options, ...season], ["ignore", "pipe", "inherit"]);
  const targets = await metricsOf(loljoa);

  const config = join(home, "prometheus.yml");
  writeFileSync(config, JSON.stringify(prometheusConfig(targets), null, 2));
  const storage = ["--storage.tsdb.path", join(home, "prometheus"), "--storage.tsdb.retention.time", "1h"];
  const listen = ["--web.listen-address", `127.0.0.1:${own}`];
  child(
    "prometheus",
    ["--config.file", config, "--log.level", "error", ...storage, ...listen, ...EXEMPLARS],
    ["ignore", "ignore", "inherit"],
  );
  return {
    edge: `http://127.0.0.1:${edge}`,
    prometheus: `http://127.0.0.1:${own}`,
    services: [...targets.keys()],
    targets,
    collector,
  };
}

/** JSON is YAML, too. */
function prometheusConfig(targets) {
  const folder = join(MONITORING, "rules");
  return {
    global: { scrape_interval: EVERY, evaluation_interval: EVERY },
    rule_files: readdirSync(folder).map((name) => join(folder, name)),
    scrape_configs: [...targets].map(([service, address]) => ({
      job_name: service,
      static_configs: [{ targets: [address] }],
    })),
  };
}

/** Reads where each service's metrics are, from what `loljoa up` says when all is up. */
async function metricsOf(loljoa) {
  const found = new Map();
  for await (const line of createInterface({ input: loljoa.stdout })) {
    const metrics = /^\s*metrics\s+http:\/\/(\S+)\/metrics \((\S+)\)/.exec(line);
    if (metrics) found.set(metrics[2], metrics[1]);
    if (line.startsWith("Ctrl-C")) {
      loljoa.stdout.resume();
      return found;
    }
  }
  throw new Error("loljoa up ended before it was ready");
}

/** In a group of its own: Ctrl-C in a terminal reaches this process alone, which then ends them, each once. */
function child(program, options, stdio) {
  const process_ = spawn(program, options, { stdio, detached: true });
  const gone = new Promise((resolve) => {
    process_.once("exit", resolve);
    process_.once("error", (error) => {
      console.error(`${program}: ${error.message}`);
      resolve();
    });
  });
  children.push({ process_, gone });
  return process_;
}

async function end({ process_, gone }) {
  process_.kill("SIGTERM");
  await gone;
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

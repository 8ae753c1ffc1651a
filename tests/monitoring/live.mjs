// Asks a real Prometheus, which reads a real LOL.JOA, whatever dashboards and rules ask. Each query has to have data. Those that need a cluster have to be
// understood; tests/cluster asks them where there is one.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { asksForEverything, bets } from "./bettor.mjs";
import { ofDashboards, ofRules } from "./queries.mjs";
import { withSystem } from "./system.mjs";

/** As Grafana would put it in for a Prometheus that scrapes this often. */
const VARIABLES = { $__rate_interval: "15s", $__range: "1m", $__interval: "1s", $namespace: ".*" };
const PATIENCE = 75_000;
/** What docs/observability.md promises of a pod. */
const MOST_SERIES = 2_000;

const problems = [];

await withSystem(async ({ edge, prometheus, services, targets, collector }) => {
  const enough = new AbortController();
  const traces = new Set();
  const betting = bets(edge, enough.signal, (trace) => traces.add(trace));
  betting.catch(() => enough.abort());
  const ask = (path, query) => asked(prometheus, path, query);
  await until(
    async () => (await ask("query", "count(up == 1)"))[0]?.value[1] === String(services.length),
    "every service is scraped",
  );

  const queries = [...ofDashboards(VARIABLES), ...ofRules((await api(prometheus, "rules")).groups)];
  const local = queries.filter(({ needs }) => needs.every((need) => need === "loljoa"));
  const elsewhere = queries.filter((query) => !local.includes(query));
  const unanswered = await answered(local, ask);
  problems.push(...unanswered.map(({ of, expr }) => `no data: ${of}: ${expr}`));
  for (const { of, expr } of elsewhere) {
    await ask("query", expr).catch((error) => problems.push(`not understood: ${of}: ${error.message}`));
  }
  await looksAtRules(prometheus);
  await looksAtLabels(
    local.filter((query) => !unanswered.includes(query)),
    ask,
  );
  await asksForEverything(
    edge,
    JSON.parse(readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8")),
  );
  await countsSeries(ask);
  for (const family of ["loljoa_bet_duration_seconds", "loljoa_http_request_duration_seconds"])
    await leadsToATrace(prometheus, family, traces, collector);
  for (const [service, address] of targets) await isWellFormed(service, address);
  enough.abort();
  await betting;
  console.log(
    `monitoring: ${local.length} queries of ours were asked, and ${elsewhere.length} that need a cluster`,
  );
});

for (const problem of problems) console.error(`monitoring: ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);

/** Asks until each has data; gives those that never had. */
async function answered(queries, ask) {
  const deadline = Date.now() + PATIENCE;
  let open = queries;
  while (open.length > 0 && Date.now() < deadline) {
    const results = [];
    for (const query of open) results.push(await ask("query", query.expr));
    open = open.filter((_, index) => !results[index].some(({ value }) => value[1] !== "NaN"));
    if (open.length > 0) await pause(1_000);
  }
  return open;
}

/** A rule that cannot be evaluated says so itself. No alarm calls while all is well, but for promises of speed: how fast this machine is, is not its matter. */
async function looksAtRules(prometheus) {
  const { groups } = await api(prometheus, "rules");
  const ill = groups.flatMap(({ rules }) => rules).filter(({ health }) => health !== "ok");
  problems.push(...ill.map(({ name, health, lastError }) => `rule ${name} is ${health}: ${lastError}`));
  const alarms = groups.filter(({ file }) => !file.endsWith("/slo.yaml"));
  const firing = alarms.flatMap(({ rules }) => rules).filter(({ state }) => state === "firing");
  problems.push(...firing.map(({ name }) => `${name} fires, and all is well`));
}

/** A legend's label, and the label of a selector, is one that the series has. */
async function looksAtLabels(queries, ask) {
  const known = new Map();
  const labelsOf = async (metric) => {
    if (!known.has(metric))
      known.set(
        metric,
        new Set(
          (await ask("query", `{__name__="${metric}"}`)).flatMap(({ metric: labels }) => Object.keys(labels)),
        ),
      );
    return known.get(metric);
  };
  for (const { of, expr, legend } of queries) {
    for (const [, metric, matchers] of expr.matchAll(/\b(loljoa[a-z0-9_:]+)\{([^}]*)\}/g)) {
      const labels = await labelsOf(metric);
      const named = [...matchers.matchAll(/(?:^|,)\s*([a-z_]+)\s*(?:=|!)/g)].map(([, label]) => label);
      const strange = named.filter((label) => labels.size > 0 && label !== "namespace" && !labels.has(label));
      problems.push(...strange.map((label) => `${of}: ${metric} has no label ${label}`));
    }
    const shown = [...legend.matchAll(/\{\{\s*([a-z_]+)\s*\}\}/g)]
      .map(([, label]) => label)
      .filter((label) => label !== "namespace" && label !== "le");
    const results = (await ask("query", expr)).map(({ metric }) => metric);
    // What has not happened is told by a 0 without labels.
    const has = (label) =>
      results.some((labels) => label in labels) ||
      results.every((labels) => Object.keys(labels).length === 0);
    problems.push(
      ...shown
        .filter((label) => !has(label))
        .map((label) => `${of}: the legend's ${label} is not in the data`),
    );
  }
}

async function countsSeries(ask) {
  const scraped = async () => (await ask("query", "min(timestamp(up)) > bool " + since))[0]?.value[1] === "1";
  const since = Date.now() / 1_000;
  await until(scraped, "everything is scraped once more");
  for (const { metric, value } of await ask("query", "scrape_samples_scraped")) {
    const series = Number(value[1]);
    console.log(`monitoring: ${metric.job} tells ${series} series`);
    if (!(series > 0 && series < MOST_SERIES))
      problems.push(`${metric.job} tells ${series} series, and ${MOST_SERIES} are too many`);
  }
}

/** From a bucket to a bet that was placed with a trace of its own, and from there to the spans that the collector has. */
async function leadsToATrace(prometheus, family, traces, collector) {
  const began = new Date(Date.now() - 600_000).toISOString();
  const found = async () => {
    const query = new URLSearchParams({
      query: `${family}_bucket`,
      start: began,
      end: new Date().toISOString(),
    });
    const series = await api(prometheus, `query_exemplars?${query}`);
    const named = series.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id));
    return named.some((trace) => traces.has(trace) && collector.has(trace));
  };
  await until(found, `an exemplar of ${family} leads to the trace of a bet`);
  console.log(`monitoring: an exemplar of ${family} leads to the trace of a bet`);
}

/** Whether Prometheus' own tool can read the text format, and finds its conventions followed. OpenMetrics is read by each scrape. */
async function isWellFormed(service, address) {
  const told = await (await fetch(`http://${address}/metrics`)).text();
  const { status, stderr } = spawnSync("promtool", ["check", "metrics"], { input: told, encoding: "utf8" });
  if (status !== 0) problems.push(`${service}: ${stderr}`);
}

async function until(holds, what) {
  const deadline = Date.now() + PATIENCE;
  let seen = "it does not hold";
  const tried = () => holds().catch((error) => void (seen = error));
  while (!(await tried())) {
    if (Date.now() > deadline) throw new Error(`in vain: ${what}: ${seen}`);
    await pause(200);
  }
}

async function asked(prometheus, path, query) {
  return (await api(prometheus, `${path}?query=${encodeURIComponent(query)}`)).result;
}

async function api(prometheus, path) {
  const answer = await (await fetch(`${prometheus}/api/v1/${path}`)).json();
  if (answer.status !== "success") throw new Error(answer.error);
  return answer.data;
}

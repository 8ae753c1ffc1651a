// Puts the two measures of each microbenchmark beside each other: how long it takes (criterion), and how many instructions (gungraun).
// Usage: node scripts/microbench.mjs FOLDER-OF-CRITERION LINES-OF-GUNGRAUN
import { readFileSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';

const [folder, lines] = process.argv.slice(2);
const rows = new Map();

function note(name, figures) {
  rows.set(name, { ...rows.get(name), ...figures });
}

/** The middle of the times, and how far apart the ends of its interval are. */
function timeOf(file) {
  const { point_estimate: middle, confidence_interval: interval } = JSON.parse(readFileSync(file, 'utf8')).median;
  const width = (interval.upper_bound - interval.lower_bound) / 2 / middle;
  return `${duration(middle)} ±${(width * 100).toFixed(0)} %`;
}

function duration(ns) {
  const [figure, unit] = ns < 1e3 ? [ns, 'ns'] : ns < 1e6 ? [ns / 1e3, 'µs'] : [ns / 1e6, 'ms'];
  return `${figure < 100 ? figure.toFixed(1) : figure.toFixed(0)} ${unit}`;
}

for (const entry of readdirSync(folder, { recursive: true })) {
  const [group, name, run, file] = entry.split(sep);
  if (run === 'new' && file === 'estimates.json') {
    note(`${group}: ${name}`, { time: timeOf(join(folder, entry)) });
  }
}

for (const line of readFileSync(lines, 'utf8').split('\n').filter((text) => text.startsWith('{'))) {
  const summary = JSON.parse(line);
  const callgrind = summary.profiles.find((profile) => profile.tool.toLowerCase() === 'callgrind');
  note(`${summary.group}: ${summary.function_name}`, { instructions: instructionsOf(callgrind) });
}

/** Of this time, whether or not there was one before. */
function instructionsOf(profile) {
  const { new: count } = profile.data.total.metrics.Ir.values;
  return count.toLocaleString('en');
}

const table = [['benchmark', 'time', 'instructions']];
for (const [name, { time = '–', instructions = '–' }] of [...rows].sort()) table.push([name, time, instructions]);
const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column].length)));
for (const [name, ...figures] of table) {
  console.log([name.padEnd(widths[0]), ...figures.map((figure, n) => figure.padStart(widths[n + 1]))].join('  '));
}

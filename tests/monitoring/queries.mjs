// What dashboards and rules ask, in the form that Prometheus itself can be asked.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

export const MONITORING = fileURLToPath(new URL("../../helm/loljoa/monitoring/", import.meta.url));
const NEED = /^needs:/;

/** Every query of every dashboard: `{ of, needs, expr, legend }`. */
export function ofDashboards(variables) {
  const folder = join(MONITORING, "dashboards");
  return readdirSync(folder).flatMap((name) => {
    const { title, tags, panels } = JSON.parse(readFileSync(join(folder, name), "utf8"));
    const needs = tags.filter((tag) => NEED.test(tag)).map((tag) => tag.replace(NEED, ""));
    return panels.flatMap((panel) =>
      (panel.targets ?? []).map((target) => ({
        of: `${title}: ${panel.title}`,
        needs,
        expr: filled(target.expr, variables),
        legend: target.legendFormat,
      })),
    );
  });
}

/** Every query of every rule that Prometheus has loaded (`groups` of its API), taken apart into what has to have data. */
export function ofRules(groups) {
  return groups.flatMap(({ file, rules }) =>
    rules.flatMap((rule) =>
      parts(rule.query, rule.type === "alerting").map((expr) => ({
        of: `${basename(file)}: ${rule.name}`,
        needs: needsOf(file),
        expr,
        legend: "",
      })),
    ),
  );
}

/** What a file of rules needs stands in its first line. */
function needsOf(file) {
  const [first] = readFileSync(file, "utf8").split("\n");
  const said = /^# needs: (.+)$/.exec(first);
  if (!said) throw new Error(`${file} does not say what it needs`);
  return said[1].split(", ");
}

function filled(expr, variables) {
  return Object.entries(variables).reduce((text, [name, value]) => text.replaceAll(name, value), expr);
}

/**
 * An alert has no data while all is well. So its comparisons are asked for their truth (`> bool 0`), which has data wherever what is compared has, and
 * the sides of `and`, `or` and `unless` are asked each by itself.
 */
function parts(expr, isAlert) {
  if (!isAlert) return [expr];
  const inner = unwrapped(expr.trim());
  const cut = outermost(inner, /^\s(and|or|unless)\s+/);
  if (cut) return [...parts(inner.slice(0, cut.at), true), ...parts(inner.slice(cut.end), true)];
  const compared = outermost(inner, /^\s(==|!=|>=|<=|>|<)\s/);
  if (!compared) return [inner];
  return [`${inner.slice(0, compared.end)}bool ${inner.slice(compared.end)}`];
}

/** Where `pattern` first stands outside of every bracket and string. */
function outermost(text, pattern) {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') at = endOfString(text, at);
    else if ("([{".includes(text[at])) depth += 1;
    else if (")]}".includes(text[at])) depth -= 1;
    const found = depth === 0 && pattern.exec(text.slice(at));
    if (found) return { at, end: at + found[0].length };
  }
  return undefined;
}

function endOfString(text, at) {
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  return end;
}

/** Without brackets around all of it. */
function unwrapped(text) {
  if (!text.startsWith("(")) return text;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') at = endOfString(text, at);
    else if (text[at] === "(") depth += 1;
    else if (text[at] === ")") depth -= 1;
    if (depth === 0) return at === text.length - 1 ? unwrapped(text.slice(1, -1).trim()) : text;
  }
  return text;
}

// What all dashboards have in common, so that a dashboard's own file says only what it shows.
import common from "@grafana/grafana-foundation-sdk/common";
import dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import stat from "@grafana/grafana-foundation-sdk/stat";
import timeseries from "@grafana/grafana-foundation-sdk/timeseries";

const BOOK = "https://github.com/loljoa/loljoa/blob/main/docs";
const SOURCE = { type: "prometheus", uid: "${datasource}" };
/** Grafana's grid is 24 wide. */
const WIDTH = { stat: 6, timeseries: 12, heatmap: 12 };
const HEIGHT = { stat: 4, timeseries: 8, heatmap: 8 };
/** What a dashboard takes its numbers from, and the tag that says so. Tests go by it. */
export const NEEDS = ["loljoa", "postgres", "cadvisor", "kubelet", "volumes", "kube-state-metrics", "istio"];
export const tagOf = (need) => `needs:${need}`;

/**
 * A panel of lines. `queries` are pairs of an expression and a legend; a legend in braces is a label.
 * Whatever `exemplars` is true of shows the traces that a measurement belongs to, where there are any.
 */
export function lines(
  title,
  description,
  unit,
  queries,
  { exemplars = false, stacked = false, limits = [], max } = {},
) {
  const panel = new timeseries.PanelBuilder()
    .lineWidth(1)
    .fillOpacity(stacked ? 30 : 5)
    .showPoints(common.VisibilityMode.Never)
    .spanNulls(true)
    .min(0)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(["mean", "max", "lastNotNull"]),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    );
  if (stacked) panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  if (max !== undefined) panel.max(max);
  if (limits.length > 0) {
    panel
      .thresholds(steps(limits))
      .thresholdsStyle(
        new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
      );
  }
  return finish("timeseries", panel, title, description, unit, queries, exemplars);
}

/** A panel of one present value for each series, coloured by `limits`: pairs of a value and a colour. */
export function now(title, description, unit, queries, { limits = [], decimals } = {}) {
  const panel = new stat.PanelBuilder()
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .graphMode(common.BigValueGraphMode.Area)
    .colorMode(common.BigValueColorMode.Value)
    .thresholds(steps(limits));
  if (decimals !== undefined) panel.decimals(decimals);
  return finish("stat", panel, title, description, unit, queries, false);
}

/** A panel of how often which time was taken: `bucket` is a histogram's series with its labels. */
export function times(title, description, bucket) {
  const panel = new heatmap.PanelBuilder()
    .calculate(false)
    .color(
      new heatmap.HeatmapColorOptionsBuilder()
        .mode(heatmap.HeatmapColorMode.Scheme)
        .scheme("Oranges")
        .steps(64),
    )
    .yAxis(new heatmap.YAxisConfigBuilder().unit("s"))
    .showLegend();
  const query = [
    `sum by (le) (rate(${bucket}[$__rate_interval]))`,
    "{{le}}",
    prometheus.PromQueryFormat.Heatmap,
  ];
  return finish("heatmap", panel, title, description, "s", [query], true);
}

/** The quantile of a histogram, by `labels` besides. */
export function quantile(share, bucket, ...labels) {
  const by = ["le", ...labels].join(", ");
  return `histogram_quantile(${share}, sum by (${by}) (rate(${bucket}[$__rate_interval])))`;
}

/** What a histogram's values are on average, by `labels`. `matchers` stand in braces behind the metric's name. */
export function mean(metric, matchers, ...labels) {
  const sum = (end) =>
    `sum by (${labels.join(", ")}) (rate(${metric}_${end}{${matchers}}[$__rate_interval]))`;
  return `${sum("sum")} / ${sum("count")}`;
}

/** How often something happens a second, by `labels`. */
export function rate(series, ...labels) {
  const by = labels.length > 0 ? ` by (${labels.join(", ")})` : "";
  return `sum${by} (rate(${series}[$__rate_interval]))`;
}

/** The same of something that has not happened yet, as one hopes: then it is 0. */
export const rare = (series, ...labels) => `${rate(series, ...labels)} or vector(0)`;

function finish(type, panel, title, description, unit, queries, exemplars) {
  panel
    .title(title)
    .description(description)
    .unit(unit)
    .datasource(SOURCE)
    .span(WIDTH[type])
    .height(HEIGHT[type]);
  queries.forEach(([expr, legend, format], index) => {
    const query = new prometheus.DataqueryBuilder()
      .refId(String.fromCharCode("A".charCodeAt(0) + index))
      .datasource(SOURCE)
      .editorMode(prometheus.QueryEditorMode.Code)
      .expr(expr)
      .legendFormat(legend)
      .exemplar(exemplars)
      .range();
    if (format) query.format(format);
    panel.withTarget(query);
  });
  return panel;
}

function steps(limits) {
  const all = [{ value: null, color: "green" }, ...limits.map(([value, color]) => ({ value, color }))];
  return new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps(all);
}

/** A dashboard from what its file says: `{ id, title, description, needs, namespaces, runbook, rows }`. */
export function build({ id, title, description, needs, namespaces, runbook, rows }) {
  const unknown = needs.filter((need) => !NEEDS.includes(need));
  if (unknown.length > 0) throw new Error(`${id}: nobody knows what it is to need ${unknown}`);
  const made = new dashboard.DashboardBuilder(`LOL.JOA / ${title}`)
    .uid(`loljoa-${id}`)
    .description(description)
    .tags(["loljoa", ...needs.map(tagOf)])
    .timezone("browser")
    .time({ from: "now-1h", to: "now" })
    .refresh("30s")
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .readonly()
    .withVariable(
      new dashboard.DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"),
    )
    .withVariable(
      new dashboard.QueryVariableBuilder("namespace")
        .label("Namespace")
        .datasource(SOURCE)
        .query(`label_values(${namespaces}, namespace)`)
        .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
        .sort(dashboard.VariableSort.AlphabeticalAsc)
        .multi(true)
        .includeAll(true)
        // Where there is no cluster nothing has a namespace, and this takes it as well.
        .allValue(".*")
        .current({ selected: true, text: "All", value: "$__all" }),
    )
    .link(
      new dashboard.DashboardLinkBuilder("LOL.JOA")
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags(["loljoa"])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .link(link("Runbooks", `${BOOK}/runbooks.md${runbook ? `#${runbook}` : ""}`))
    .link(link("What is measured", `${BOOK}/observability.md`));
  for (const [name, panels] of rows) {
    made.withRow(new dashboard.RowBuilder(name));
    panels.forEach((panel) => made.withPanel(panel));
  }
  const built = made.build();
  built.panels.forEach((panel, index) => (panel.id = index + 1));
  // In sight, and not in a menu.
  built.links.forEach((one) => delete one.placement);
  return built;
}

const link = (title, url) =>
  new dashboard.DashboardLinkBuilder(title)
    .type(dashboard.DashboardLinkType.Link)
    .url(url)
    .icon("doc")
    .targetBlank(true);

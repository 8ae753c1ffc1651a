//! One page that needs nothing but itself.

use std::fmt::Write;

use super::{
    figures::{self, Line},
    plots::{self, Axes},
};
use crate::results::{self, Found, PROCESSES, Results};

const STYLE: &str = "\
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1180px;padding:24px;color:#1b1f24;background:#fff}
h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:36px 0 8px}p{max-width:80ch}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}
th,td{padding:4px 8px;border-bottom:1px solid #d8dee4;text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}
.wide{overflow-x:auto}.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:20px}
figure{margin:0;border:1px solid #d8dee4;border-radius:6px;padding:8px}figcaption{font-weight:600;padding:4px 8px}
svg{width:100%;height:auto}.no,.bad{color:#b42318;font-weight:600}.yes{color:#116329}
@media(max-width:500px){body{padding:12px}.plots{grid-template-columns:1fr}}";

/// The page.
///
/// # Errors
///
/// When a plot cannot be drawn.
pub fn page(results: &Results) -> anyhow::Result<String> {
    let mut html = String::new();
    write!(
        html,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>LOL.JOA under load</title>\
        <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>{STYLE}</style></head><body>\
        <h1>LOL.JOA under load</h1>{}",
        head(results)
    )?;
    html += &failures(results);
    html += "<h2>What has to be reached</h2>";
    html += &table(results::of_ratios(&results::rows(results)));
    html += "<h2>Plots</h2><div class=\"plots\">";
    html += &plots(results)?;
    html += "</div><h2>Every run</h2>";
    html += &table(results::of_runs(results));
    let details = results::of_details(results);
    if !details.1.is_empty() {
        html += "<h2>What else was seen</h2>";
        html += &table(details);
    }
    html += "</body></html>\n";
    Ok(html)
}

fn head(results: &Results) -> String {
    let machine = &results.machine;
    let debug = if results.is_optimised { "" } else { " <span class=\"bad\">Not an optimised build.</span>" };
    format!(
        "<p>{} on {} ({} cores, {} GiB), Linux {}, PostgreSQL {} with fsync; revision {}.{debug} Whoever asks runs on the \
        same machine.</p>",
        results.started_at.format("%Y-%m-%d %H:%M UTC"),
        escaped(&machine.processor),
        machine.cores,
        machine.memory_bytes >> 30,
        escaped(&machine.kernel),
        escaped(&machine.postgres),
        escaped(&results.revision)
    )
}

fn failures(results: &Results) -> String {
    let failed = results.runs.iter().filter(|run| !run.failures().is_empty());
    let told = failed
        .map(|run| format!("<li>{}: {}</li>", escaped(&run.title()), escaped(&run.failures().join("; "))));
    let told: String = told.collect();
    if told.is_empty() {
        return "<p class=\"yes\">No errors, and after every run every point was accounted for.</p>"
            .to_owned();
    }
    format!("<p class=\"bad\">Runs that failed:</p><ul class=\"bad\">{told}</ul>")
}

fn table((header, rows): (Vec<String>, Vec<Vec<String>>)) -> String {
    let cell = |tag: &str, cell: &String| format!("<{tag}{}>{}</{tag}>", class(cell), escaped(cell));
    let row = |tag: &str, row: &[String]| {
        let cells: Vec<_> = row.iter().map(|text| cell(tag, text)).collect();
        format!("<tr>{}</tr>", cells.concat())
    };
    let body: Vec<_> = rows.iter().map(|cells| row("td", cells)).collect();
    format!(
        "<div class=\"wide\"><table><thead>{}</thead><tbody>{}</tbody></table></div>",
        row("th", &header),
        body.concat()
    )
}

fn class(cell: &str) -> &'static str {
    match cell {
        "no" => " class=\"no\"",
        "yes" | "yes, and more" => " class=\"yes\"",
        _ if cell.ends_with(" differ") => " class=\"bad\"",
        _ => "",
    }
}

fn plots(results: &Results) -> anyhow::Result<String> {
    let connections = |y, is_logarithmic| Axes { x: "connections", y, is_logarithmic };
    let ms = connections("ms (logarithmic)", true);
    let mut html = String::new();
    for (caption, lines, axes) in [
        ("Accepted bets/s, hot market", figures::throughput(results), connections("bets/s", false)),
        ("p50, hot market", figures::percentile(results, |latency| latency.p50_ms), ms),
        ("p99, hot market", figures::percentile(results, |latency| latency.p99_ms), ms),
        ("p99.9, hot market", figures::percentile(results, |latency| latency.p999_ms), ms),
        (
            "Accepted bets/s by replicas of betting, hot market",
            figures::replicas(results),
            Axes { x: "replicas", y: "bets/s", is_logarithmic: false },
        ),
    ] {
        html += &figure(caption, &lines, axes)?;
    }
    for run in figures::shown_over_time(results) {
        let axes = Axes { x: "seconds", y: "ms (logarithmic)", is_logarithmic: true };
        html += &figure(&format!("Latency over time: {}", run.title()), &figures::over_time(run), axes)?;
    }
    html += &long(results)?;
    let processes = ["gateway", "betting", "account", "PostgreSQL"];
    for (caption, bars, legend, unit) in [
        ("CPU for each accepted bet", figures::costs(results), &processes[..PROCESSES.len()], "µs"),
        ("WAL for each accepted bet", figures::wal(results), &["WAL"][..], "bytes"),
        ("Memory at the end of the run", figures::memory(results), &processes[..PROCESSES.len()], "MiB"),
    ] {
        if !bars.is_empty() {
            html += &framed(caption, &plots::bars(&bars, legend, unit)?);
        }
    }
    Ok(html)
}

/// What grows with the bets that are there, if it does.
fn long(results: &Results) -> anyhow::Result<String> {
    let mut html = String::new();
    for run in &results.runs {
        let Some(Found::Long(endurance)) = &run.found else { continue };
        let axes = |y| Axes { x: "million bets", y, is_logarithmic: false };
        let title = run.title();
        html += &figure(&format!("Bets/s: {title}"), &figures::rate_by_bets(endurance), axes("bets/s"))?;
        html += &figure(&format!("Memory: {title}"), &figures::memory_by_bets(endurance), axes("MiB"))?;
    }
    Ok(html)
}

fn figure(caption: &str, lines: &[Line], axes: Axes) -> anyhow::Result<String> {
    if lines.iter().all(|line| line.points.is_empty()) {
        return Ok(String::new());
    }
    Ok(framed(caption, &plots::lines(lines, axes)?))
}

fn framed(caption: &str, svg: &str) -> String {
    format!("<figure><figcaption>{}</figcaption>{svg}</figure>", escaped(caption))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixtures;

    #[test]
    fn a_page_has_every_run_and_needs_nothing_else() {
        let html = page(&fixtures::results()).unwrap();
        assert!(html.contains("hot-market, pessimistic, 256 connections"), "{html}");
        assert!(html.matches("<svg").count() >= 7, "{html}");
        assert!(!html.contains("src=") && !html.contains("<script") && !html.contains("<link"), "{html}");
    }

    #[test]
    fn a_page_tells_what_failed() {
        let mut results = fixtures::results();
        results.runs[1].errors.insert("500 <internal>".into(), 3);
        let html = page(&results).unwrap();
        assert!(
            html.contains("hot-market, pessimistic, 256 connections: 3 times: 500 &lt;internal&gt;"),
            "{html}"
        );
        assert!(!results.are_sound());
    }
}

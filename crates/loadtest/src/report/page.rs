//! One page that needs nothing but itself.

use std::fmt::Write;

use super::gallery::{Plot, gallery};
use crate::results::{self, Results};

/// How every page looks.
pub const STYLE: &str = "\
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1180px;padding:24px;color:#1b1f24;background:#fff}
h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:36px 0 8px}p{max-width:80ch}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}
th,td{padding:4px 8px;border-bottom:1px solid #d8dee4;text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}
.wide{overflow-x:auto}object{width:1180px}.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:20px;align-items:start}
figure{margin:0;min-width:0;border:1px solid #d8dee4;border-radius:6px;padding:8px}figcaption{font-weight:600;padding:4px 8px}
svg{width:100%;height:auto}.no,.bad{color:#b42318;font-weight:600}.yes{color:#116329}
@media(max-width:500px){body{padding:8px}figure{padding:2px}.plots{grid-template-columns:1fr}}";

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
    html.extend(gallery(results)?.iter().map(framed));
    html += "</div><h2>Every run</h2>";
    html += &table(results::of_runs(results));
    html += &parts(results);
    html += &details(results);
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

/// What only some scenarios tell.
fn details(results: &Results) -> String {
    let (header, rows) = results::of_details(results);
    if rows.is_empty() {
        return String::new();
    }
    format!("<h2>What else was seen</h2>{}", table((header, rows)))
}

/// What the runs that have parts say of each.
fn parts(results: &Results) -> String {
    let (header, rows) = results::of_parts(results);
    if rows.is_empty() {
        return String::new();
    }
    format!("<h2>Parts of runs</h2><p>{}</p>{}", results::PARTS, table((header, rows)))
}

/// A table: its header and its rows.
#[must_use]
pub fn table((header, rows): (Vec<String>, Vec<Vec<String>>)) -> String {
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

fn framed(plot: &Plot) -> String {
    format!("<figure><figcaption>{}</figcaption>{}</figure>", escaped(&plot.caption), plot.svg)
}

/// Text that means nothing to a page.
#[must_use]
pub fn escaped(text: &str) -> String {
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

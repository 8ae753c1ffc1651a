use loljoa_loadtest::report::{STYLE, escaped, table};

use super::Report;

/// One page that needs nothing but itself.
#[must_use]
pub fn page(report: &Report) -> String {
    let about = &report.about;
    let plots = report.findings.plots.iter().map(|plot| {
        format!("<figure><figcaption>{}</figcaption>{}</figure>", escaped(&plot.caption), plot.svg)
    });
    let plots = plots.collect::<Vec<_>>().concat();
    let verdict = if report.findings.verdict.holds() {
        "<p class=\"yes\">Everything held.</p>".to_owned()
    } else {
        let broken = report.findings.verdict.broken().join("; ");
        format!("<p class=\"bad\">Did not hold: {}.</p>", escaped(&broken))
    };
    let stands_in = report.stands_in().map(|rows| format!("<h2>What stands for what</h2>{}", table(rows)));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
        <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>{STYLE}\n.told td:last-child,.told th:last-child{{text-align:left}}</style></head><body>\
        <h1>{title}</h1><p><code>{command}</code></p><p>{place} Revision {revision}.</p><p>{what}</p>{verdict}{rules}\
        <h2>Figures</h2>{figures}<h2>Plots</h2><p>Numbers at the top are those of what was done when.</p>\
        <div class=\"plots\">{plots}</div><h2>What was done when</h2><div class=\"told\">{events}</div>\
        <h2>What the team of 2022 saw</h2><p>{then}</p><h2>Why</h2><p>{why}</p>{stands_in}</body></html>\n",
        title = escaped(about.title),
        command = escaped(&report.command),
        place = escaped(&report.place()),
        revision = escaped(&report.revision),
        what = prose(about.what),
        rules = table(report.rules()),
        figures = table(report.findings.table.clone()),
        events = table(report.events()),
        then = prose(about.then),
        why = prose(about.why),
        stands_in = stands_in.unwrap_or_default(),
    )
}

/// Text whose `code` looks like it.
fn prose(text: &str) -> String {
    let pieces = escaped(text);
    let pieces = pieces.split('`').enumerate().map(|(number, piece)| {
        if number % 2 == 1 { format!("<code>{piece}</code>") } else { piece.to_owned() }
    });
    pieces.collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_looks_like_it() {
        assert_eq!(prose("ask `a<b>` and `c`."), "ask <code>a&lt;b&gt;</code> and <code>c</code>.");
    }
}

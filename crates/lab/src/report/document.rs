use super::{Report, Table};

/// A document, and the pictures beside it.
#[derive(Clone, Debug)]
pub struct Document {
    /// Markdown.
    pub text: String,
    /// Files, by their paths from the document's folder.
    pub pictures: Vec<(String, String)>,
}

/// The document of an experiment.
#[must_use]
pub fn document(report: &Report) -> Document {
    let about = &report.about;
    let file = |name: &str| format!("{}/{name}.svg", report.file);
    let plots = &report.findings.plots;
    let shown = plots.iter().map(|plot| format!("![{}]({})\n\n", plot.caption, file(&plot.name)));
    let shown = shown.collect::<Vec<_>>().concat();
    let verdict = if report.findings.verdict.holds() { "Everything held." } else { "Not everything held." };
    let stands_in = report.stands_in().map(|rows| format!("\n## What stands for what\n\n{}", table(&rows)));
    let text = format!(
        "# {title}\n\n```sh\n{command}\n```\n\n{what}\n\n{place}\n\n## Verdict\n\n{verdict}\n\n{rules}\n## What was seen\n\n{figures}\n\
        {shown}Numbers at the top of a plot are those of what was done when:\n\n{events}\n## What the team of 2022 saw\n\n{then}\n\n\
        ## Why\n\n{why}\n{stands_in}",
        title = about.title,
        command = report.command,
        what = about.what,
        place = report.place(),
        rules = table(&report.rules()),
        figures = table(&report.findings.table),
        events = table(&report.events()),
        then = about.then,
        why = about.why,
        stands_in = stands_in.unwrap_or_default(),
    );
    let pictures = plots.iter().map(|plot| (file(&plot.name), plot.svg.clone())).collect();
    Document { text, pictures }
}

fn table((header, rows): &Table) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = format!("|{}\n", " --- |".repeat(header.len()));
    let rows: Vec<_> = rows.iter().map(|row| line(row)).collect();
    format!("{}{rule}{}", line(header), rows.concat())
}

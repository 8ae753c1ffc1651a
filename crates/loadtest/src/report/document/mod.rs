//! `docs/performance.md`: nothing in it is typed by hand.

mod commands;
mod designs;
mod pods;

use super::gallery::Plot;
use crate::results::{self, Results, Row};

pub use commands::command;

/// The document, which shows pictures that lie in `folder`.
#[must_use]
pub fn document(results: &Results, plots: &[Plot], folder: &str) -> String {
    let pictures = Pictures { plots, folder };
    let mut text = head(results);
    text += &pods::section(results, &pictures);
    text += &designs::section(results, &pictures);
    text += &targets(&results::rows(results));
    text += &runs(results);
    let rest = plots.iter().map(|plot| plot.name.as_str()).filter(|name| is_for_document(name));
    let rest: String =
        rest.filter(|name| !text.contains(&pictures.path(name))).map(|name| pictures.show(name)).collect();
    if !rest.is_empty() {
        text += "## More plots\n\n";
        text += &rest;
    }
    text + &commands::section(results)
}

/// Whether a plot is shown there as well: latency over time is only of our bursts.
#[must_use]
pub fn is_for_document(name: &str) -> bool {
    !name.starts_with("time-") || name.starts_with("time-burst-ours")
}

/// The plots, and where their files are.
struct Pictures<'a> {
    plots: &'a [Plot],
    folder: &'a str,
}

impl Pictures<'_> {
    fn path(&self, name: &str) -> String {
        format!("({}/{name}.svg)", self.folder)
    }

    /// A paragraph with the plot, if there is one.
    fn show(&self, name: &str) -> String {
        let plot = self.plots.iter().find(|plot| plot.name == name);
        plot.map(|plot| format!("![{}]{}\n\n", plot.caption, self.path(name))).unwrap_or_default()
    }
}

fn head(results: &Results) -> String {
    let machine = &results.machine;
    let debug = if results.is_optimised { "" } else { " **Not an optimised build.**" };
    format!(
        "# Performance\n\n\
        Made by `make performance` from the results of `make bench`; do not edit. Figures, and the sentences that depend on them, come from \
        the results.\n\n\
        {} on {} ({} cores, {} GiB), Linux {}, PostgreSQL {} with fsync; revision {}.{debug} Services run as processes in \
        full production configuration, and whoever asks runs on the same machine. After every run every point is accounted for, or the \
        run fails.\n\n",
        results.started_at.format("%Y-%m-%d"),
        machine.processor,
        machine.cores,
        machine.memory_bytes >> 30,
        machine.kernel,
        machine.postgres,
        results.revision,
    )
}

fn targets(rows: &[Row]) -> String {
    let measured = rows.iter().filter(|row| row.measured.is_some()).count();
    let met = rows.iter().filter(|row| row.is_met() == Some(true)).count();
    let (header, mut cells) = results::of_ratios(rows);
    for cell in cells.iter_mut().flatten().filter(|cell| *cell == "no") {
        "**no**".clone_into(cell);
    }
    format!(
        "## What has to be reached\n\nOf {} rows {measured} are measured, and of these {met} are met.\n\n{}\n",
        rows.len(),
        table((header, cells))
    )
}

fn runs(results: &Results) -> String {
    let failed = results.runs.iter().filter(|run| !run.failures().is_empty());
    let failed: Vec<_> =
        failed.map(|run| format!("- {}: {}\n", run.title(), run.failures().join("; "))).collect();
    let told = if failed.is_empty() { "" } else { "**Runs that failed:**\n\n" };
    format!(
        "## Every run\n\nCPU is in µs for each accepted bet, in all and by process; latency in ms.\n\n{told}{}{}\n",
        failed.concat() + if failed.is_empty() { "" } else { "\n" },
        table(results::of_runs(results))
    ) + &parts(results)
        + &details(results)
}

/// What only some scenarios tell.
fn details(results: &Results) -> String {
    let (header, rows) = results::of_details(results);
    if rows.is_empty() {
        return String::new();
    }
    format!("## What else was seen\n\n{}\n", table((header, rows)))
}

fn parts(results: &Results) -> String {
    let (header, rows) = results::of_parts(results);
    if rows.is_empty() {
        return String::new();
    }
    format!("## Parts of runs\n\n{}\n\n{}\n", results::PARTS, table((header, rows)))
}

fn table((header, rows): (Vec<String>, Vec<Vec<String>>)) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = header.iter().enumerate().map(|(n, _)| if n == 0 { "---" } else { "---:" }.to_owned());
    let rule: Vec<_> = rule.collect();
    let body: String = rows.iter().map(|row| line(row)).collect();
    line(&header) + &line(&rule) + &body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{report::gallery, results::fixtures};

    fn text(results: &Results) -> String {
        document(results, &gallery(results).unwrap(), "performance")
    }

    #[test]
    fn a_document_has_the_machine_the_ratios_and_the_runs() {
        let mut results = fixtures::results();
        assert!(!text(&results).contains("## Parts of runs"), "{}", text(&results));
        assert!(!text(&results).contains("## What else was seen"), "{}", text(&results));
        results.runs[1].found = Some(results::Found::Stream(fixtures::listening(10_000)));
        results.runs[0].parts = vec![fixtures::part("storm", 10, 10, 1.0, 0)];
        let text = text(&results);
        for wanted in [
            "Fast One (2 cores, 16 GiB)",
            "| the same, 256 | ≥ 14 × | ≥ 20 × | 20 × | yes, and more |",
            "| hot-market, pessimistic, 256 connections | 500 |",
            "## What else was seen",
            "| hot-market, pessimistic, 256 connections | listeners | 10000 |",
            "## Parts of runs",
            "| hot-market, ours, 256 connections: storm | 10 |",
            "![Accepted bets/s, hot market](performance/throughput.svg)",
        ] {
            assert!(text.contains(wanted), "{text}");
        }
        assert!(!text.contains("Runs that failed"), "{text}");
    }

    #[test]
    fn each_picture_for_the_document_is_in_it_once_and_no_other() {
        let mut results = fixtures::results();
        let mut burst = results.runs[0].clone();
        burst.scenario = crate::scenario::Kind::Burst;
        results.runs.push(burst);
        let text = text(&results);
        for plot in gallery(&results).unwrap() {
            let times = text.matches(&format!("(performance/{}.svg)", plot.name)).count();
            assert_eq!(times, usize::from(is_for_document(&plot.name)), "{}", plot.name);
        }
        assert!(text.contains("performance/time-burst-ours-256-connections.svg"), "{text}");
    }

    #[test]
    fn what_is_not_reached_and_what_failed_is_said() {
        let mut results = fixtures::results();
        let told = text(&results);
        assert!(
            told.contains("| 4 betting replicas ÷ 1 | ≥ 0.97 × | ≥ 1.05 × | 0.90 × | **no** |"),
            "{told}"
        );
        assert!(told.contains("rows 8 are measured, and of these 5 are met."), "{told}");
        results.runs[1].errors.insert("500".into(), 3);
        assert!(text(&results).contains("- hot-market, pessimistic, 256 connections: 3 times: 500"));
    }
}

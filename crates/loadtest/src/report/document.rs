//! `docs/performance.md`: nothing in it is typed by hand.

use crate::results::{self, Results};

/// The document.
#[must_use]
pub fn document(results: &Results) -> String {
    let machine = &results.machine;
    let debug = if results.is_optimised { "" } else { " **Not an optimised build.**" };
    format!(
        "# Performance\n\n\
        Made by `loljoa-bench report` from the results of `make bench`; do not edit.\n\n\
        {} on {} ({} cores, {} GiB), Linux {}, PostgreSQL {} with fsync; revision {}.{debug} Services run as processes in \
        full production configuration, and whoever asks runs on the same machine.\n\n\
        `pessimistic` is the transaction of 2022: the rows of choice, account and game are locked, then changed one by one, on a \
        pool of 20 connections. `single-statement` does all of it in one statement. Both stand behind the same gateway, on the \
        same PostgreSQL. After every run every point is accounted for, or the run fails.\n\n\
        ## What has to be reached\n\n{}\n\
        ## Every run\n\n\
        CPU is in µs for each accepted bet, in all and by process; latency in ms.\n\n{}\
        {}",
        results.started_at.format("%Y-%m-%d"),
        machine.processor,
        machine.cores,
        machine.memory_bytes >> 30,
        machine.kernel,
        machine.postgres,
        results.revision,
        table(results::of_ratios(&results::rows(results))),
        table(results::of_runs(results)),
        details(results),
    )
}

fn details(results: &Results) -> String {
    let details = results::of_details(results);
    if details.1.is_empty() {
        String::new()
    } else {
        format!("\n## What else was seen\n\n{}", table(details))
    }
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
    use crate::results::fixtures;

    #[test]
    fn a_document_has_the_machine_the_ratios_and_the_runs() {
        let text = document(&fixtures::results());
        for wanted in [
            "Fast One (2 cores, 16 GiB)",
            "| the same, 256 | ≥ 14 × | ≥ 20 × | 20 × | yes, and more |",
            "| hot-market, pessimistic, 256 connections | 500 |",
        ] {
            assert!(text.contains(wanted), "{text}");
        }
    }
}

//! Options of every load.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use crate::{
    bench::{Manner, Size},
    console::say,
    engine::view::View,
    report::page,
    results::{self, Results, of_details, of_parts, of_ratios, of_runs, rows},
};

#[derive(Args)]
pub(super) struct LoadOptions {
    /// How long each run is measured. Seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) seconds: u64,
    /// How long each run warms up before. Seconds
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// Open loop: so many requests a second, whatever becomes of them; latency counts from when each was due
    #[arg(long, value_name = "PER_SECOND", value_parser = rate)]
    rate: Option<f64>,
    /// Write the results here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a page with plots here
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Plain lines, also on a terminal
    #[arg(long)]
    no_tui: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if rate > 0.0 && f64::is_finite(rate) => Ok(rate),
        _ => Err("must be more than 0".to_owned()),
    }
}

impl LoadOptions {
    pub(super) fn manner(&self, size: Size) -> Manner {
        Manner {
            warm_up: Duration::from_secs(self.warm_up),
            length: Duration::from_secs(self.seconds),
            rate: self.rate,
            view: View::fitting(self.no_tui),
            size,
        }
    }

    /// Writes and says what came of it.
    pub(super) fn tell(&self, results: &Results) -> anyhow::Result<()> {
        if let Some(file) = &self.json {
            results.write(file)?;
        }
        if let Some(file) = &self.html {
            results::write(file, &page(results)?)?;
        }
        say(table(of_runs(results)));
        let parts = of_parts(results);
        if !parts.1.is_empty() {
            say("");
            say(table(parts));
        }
        let rows: Vec<_> = rows(results).into_iter().filter(|row| row.measured.is_some()).collect();
        if !rows.is_empty() {
            say("");
            say(table(of_ratios(&rows)));
        }
        let details = of_details(results);
        if !details.1.is_empty() {
            say("");
            say(table(details));
        }
        for run in &results.runs {
            for failure in run.failures() {
                say(format_args!("FAILED: {}: {failure}", run.title()));
            }
        }
        Ok(())
    }
}

/// Columns as wide as their widest cell.
pub(super) fn table((header, rows): (Vec<String>, Vec<Vec<String>>)) -> String {
    let all: Vec<_> = std::iter::once(header).chain(rows).collect();
    let columns = all.first().map_or(0, Vec::len);
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<_> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(
            |(n, (cell, width))| if n == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") },
        );
        cells.collect::<Vec<_>>().join("  ")
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

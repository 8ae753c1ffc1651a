//! Every plot that the results tell, for the page and for the document.

use super::{
    figures::{self, LEGEND, Line},
    plots::{self, Axes},
};
use crate::results::{Found, Results, Service};

/// A plot.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What its file is called, without an ending; no other plot has the same.
    pub name: String,
    /// What it shows.
    pub caption: String,
    /// The picture.
    pub svg: String,
}

/// What the plot by replicas of a service is called.
pub(super) fn replicas(service: Service) -> String {
    format!("replicas-{}", service.name())
}

/// All plots.
///
/// # Errors
///
/// When one cannot be drawn.
pub fn gallery(results: &Results) -> anyhow::Result<Vec<Plot>> {
    let mut plots = Vec::new();
    let mut add = |name: &str, caption: &str, svg: Option<String>| {
        let known = svg.map(|svg| Plot { name: name.to_owned(), caption: caption.to_owned(), svg });
        plots.extend(known);
    };
    let connections = |y, is_logarithmic| Axes { x: "connections", y, is_logarithmic };
    let ms = connections("ms (logarithmic)", true);
    for (name, caption, lines, axes) in [
        (
            "throughput",
            "Accepted bets/s, hot market",
            figures::throughput(results),
            connections("bets/s", false),
        ),
        ("p50", "p50, hot market", figures::percentile(results, |latency| latency.p50_ms), ms),
        ("p99", "p99, hot market", figures::percentile(results, |latency| latency.p99_ms), ms),
        ("p999", "p99.9, hot market", figures::percentile(results, |latency| latency.p999_ms), ms),
        (
            "memory-by-connections",
            "Memory by connections, ours, hot market",
            figures::memory_by_connections(results),
            connections("MiB", false),
        ),
    ] {
        add(name, caption, drawn(&lines, axes)?);
    }
    for service in Service::ALL {
        let axes = Axes { x: "replicas", y: "bets/s", is_logarithmic: false };
        let caption = format!("Accepted bets/s by replicas of {}, hot market", service.name());
        add(&replicas(service), &caption, drawn(&figures::replicas(results, service), axes)?);
    }
    for run in figures::shown_over_time(results) {
        let axes = Axes { x: "seconds", y: "ms (logarithmic)", is_logarithmic: true };
        let title = run.title();
        let caption = format!("Latency over time: {title}");
        add(&file_name(&format!("time {title}")), &caption, drawn(&figures::over_time(run), axes)?);
    }
    for run in &results.runs {
        let Some(Found::Long(endurance)) = &run.found else { continue };
        let axes = |y| Axes { x: "million bets", y, is_logarithmic: false };
        let title = run.title();
        for (name, caption, lines, axes) in [
            ("rate", "Bets/s", figures::rate_by_bets(endurance), axes("bets/s")),
            ("memory", "Memory", figures::memory_by_bets(endurance), axes("MiB")),
        ] {
            let name = file_name(&format!("{name} {title}"));
            add(&name, &format!("{caption}: {title}"), drawn(&lines, axes)?);
        }
    }
    for (name, caption, bars, legend, unit) in [
        ("cpu", "CPU for each accepted bet", figures::costs(results), &LEGEND[..], "µs"),
        ("wal", "WAL for each accepted bet", figures::wal(results), &["WAL"][..], "bytes"),
        ("memory", "Memory at the end of the run", figures::memory(results), &LEGEND[..], "MiB"),
    ] {
        if !bars.is_empty() {
            add(name, caption, Some(plots::bars(&bars, legend, unit)?));
        }
    }
    Ok(plots)
}

fn drawn(lines: &[Line], axes: Axes) -> anyhow::Result<Option<String>> {
    if lines.iter().all(|line| line.points.is_empty()) {
        return Ok(None);
    }
    plots::lines(lines, axes).map(Some)
}

/// Letters and digits, and dashes between them.
fn file_name(title: &str) -> String {
    let words = title.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::results::fixtures;

    /// What a file beside the document may have at most. Bytes.
    const MOST: usize = 60_000;

    #[test]
    fn each_plot_has_a_name_of_its_own_that_a_file_can_have_and_is_small() {
        let mut results = fixtures::results();
        let slice = results.runs[0].slices[0];
        results.runs[0].slices =
            (0..5_000).map(|n| crate::results::Slice { from_ms: n * 1_000, ..slice }).collect();
        let plots = gallery(&results).unwrap();
        let names: BTreeSet<_> = plots.iter().map(|plot| plot.name.as_str()).collect();
        assert_eq!(names.len(), plots.len());
        assert!(names.contains("time-hot-market-ours-256-connections"), "{names:?}");
        for plot in &plots {
            assert!(plot.svg.len() < MOST, "{}: {}", plot.name, plot.svg.len());
            assert_eq!(plot.name, file_name(&plot.name));
        }
    }
}

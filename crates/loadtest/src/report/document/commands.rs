//! How each run is made again.

use crate::results::{Results, Run};

/// The section.
pub(super) fn section(results: &Results) -> String {
    let commands: Vec<_> = results.runs.iter().map(command).collect();
    format!(
        "## Making it again\n\n`make bench` makes all of `loljoa-bench run`, and `make performance` this document. Each run alone, with \
        `target/release` in the path:\n\n```sh\n{}\n```\n",
        commands.join("\n")
    )
}

/// The command that makes this run alone.
#[must_use]
pub fn command(run: &Run) -> String {
    let scenario = run.scenario.name();
    let begin = match run.against {
        Some(against) => format!("loljoa-bench run {scenario} --against {}", against.name()),
        None => format!("loljoa-bench target URL {scenario}"),
    };
    let replicas = (run.replicas > 1).then(|| format!("--replicas {}", run.replicas));
    let rate = run.rate.map(|rate| format!("--rate {rate}"));
    let options = [Some(format!("--connections {}", run.connections)), replicas, rate];
    let end = format!("--seconds {:.0}", run.seconds);
    let words: Vec<_> = [begin].into_iter().chain(options.into_iter().flatten()).chain([end]).collect();
    words.join(" ")
}

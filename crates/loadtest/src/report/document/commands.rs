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
    let mut command = match run.against {
        Some(against) => format!("loljoa-bench run {scenario} --against {}", against.name()),
        None => format!("loljoa-bench target URL {scenario}"),
    };
    command += &format!(" --connections {}", run.connections);
    if run.replicas > 1 {
        command += &format!(" --replicas {}", run.replicas);
    }
    if let Some(rate) = run.rate {
        command += &format!(" --rate {rate}");
    }
    command + &format!(" --seconds {:.0}", run.seconds)
}

//! How each run is made again.

use crate::{
    results::{Results, Run, Service},
    scenario::{Kind, overload},
};

/// How replicas are asked for.
const OPTIONS: [(Service, &str); 3] =
    [(Service::Betting, "--replicas"), (Service::Gateway, "--gateways"), (Service::Account, "--accounts")];

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
    let (connections, seconds) = match run.scenario {
        Kind::Overload => (run.connections / overload::CROWD, overload::length(run.seconds)),
        _ => (run.connections, run.seconds),
    };
    let replicas = OPTIONS.into_iter().filter(|(service, _)| run.replicas.of(*service) > 1);
    let replicas = replicas.map(|(service, option)| format!("{option} {}", run.replicas.of(service)));
    let rate = run.rate.map(|rate| format!("--rate {rate}"));
    let words = [begin, format!("--connections {connections}")].into_iter().chain(replicas).chain(rate);
    words.chain([format!("--seconds {seconds:.0}")]).collect::<Vec<_>>().join(" ")
}

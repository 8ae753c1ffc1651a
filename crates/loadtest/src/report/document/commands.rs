//! How each run is made again.

use crate::{
    results::{Found, Results, Run, Service},
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
    let replicas = OPTIONS.into_iter().filter(|(service, _)| run.replicas.of(*service) > 1);
    let replicas = replicas.map(|(service, option)| format!("{option} {}", run.replicas.of(service)));
    let cells = (run.replicas.cells > 1).then(|| format!("--cells {}", run.replicas.cells));
    let rate = run.rate.map(|rate| format!("--rate {rate}"));
    [begin]
        .into_iter()
        .chain(size(run))
        .chain(replicas)
        .chain(cells)
        .chain(rate)
        .collect::<Vec<_>>()
        .join(" ")
}

/// How large it is, in connections, bets and listeners, and how long.
fn size(run: &Run) -> Vec<String> {
    let connections = |count: usize| format!("--connections {count}");
    let seconds = |length: f64| format!("--seconds {length:.0}");
    if run.scenario == Kind::Settle {
        return vec![format!("--bets {}", run.accepted)];
    }
    match &run.found {
        Some(Found::Stream(listening)) => {
            let listeners = format!("--listeners {}", listening.listeners);
            vec![connections(run.connections), listeners, seconds(run.seconds)]
        }
        Some(Found::Long(endurance)) => {
            let leg = endurance.legs.first().map_or(run.seconds, |leg| leg.seconds);
            vec![connections(run.connections), format!("--bets {}", endurance.wanted), seconds(leg)]
        }
        Some(Found::Traces(traces)) => {
            let leg = traces.legs.first().map_or(run.seconds, |leg| leg.seconds);
            vec![connections(run.connections), seconds(leg)]
        }
        _ if run.scenario == Kind::Overload => {
            vec![connections(run.connections / overload::CROWD), seconds(overload::length(run.seconds))]
        }
        _ => vec![connections(run.connections), seconds(run.seconds)],
    }
}

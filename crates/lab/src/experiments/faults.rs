//! What the mesh does to the calls to one service after the other, and which routes feel it.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use clap::Args;
use loljoa_loadtest::report::Plot;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time;

use super::{over_time, rate};
use crate::{
    clients::{Ask, Asked, Clients},
    cluster::{self, Cluster},
    report::Findings,
    seen::{self, Seen},
    timeline::{Timeline, marks},
    undo::{Action, Undo},
    verdict::Verdict,
};

/// The services whose calls are disturbed.
const SERVICES: [&str; 3] = ["account", "league-schedule", "betting"];
/// How long a piece of a line over time is. Seconds.
const PIECE: f64 = 1.0;
/// How long the mesh may take to pass a change on to its sidecars.
const SPREADS: Duration = Duration::from_secs(3);
/// What a person calls quick. Milliseconds.
const QUICK_MS: f64 = 1_000.0;
/// Longer than the gateway gives itself, and shorter than a client waits. Milliseconds.
const IN_TIME_MS: f64 = 7_000.0;

/// How it is made.
#[derive(Args, Clone, Debug)]
pub struct Options {
    #[command(flatten)]
    pub(crate) cluster: cluster::Options,
    /// How long each service is disturbed, and left alone before. Seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(4..=120))]
    pub seconds: u64,
    /// Requests a second, of which a quarter are bets
    #[arg(long, default_value_t = 20.0, value_parser = rate)]
    pub rate: f64,
}

/// What was seen of one route while one service was disturbed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Felt {
    /// The service; none while nothing was.
    pub service: Option<String>,
    /// The route.
    pub ask: Ask,
    /// What clients saw.
    pub seen: Seen,
}

/// Whether a route needs a service.
#[must_use]
pub fn needs(ask: Ask, service: &str) -> bool {
    match ask {
        Ask::Bet => service == "betting" || service == "account",
        Ask::Look => service == "betting",
        Ask::Matches => service == "league-schedule",
        Ask::Me => service == "account",
    }
}

/// Disturbs one service after the other by `fault`, as a route of a `VirtualService` has it.
///
/// # Errors
///
/// When the release is not as expected, or something cannot be changed.
pub async fn run(
    cluster: &Cluster,
    undo: &Undo,
    options: &Options,
    fault: &Value,
) -> anyhow::Result<Findings> {
    let step = Duration::from_secs(options.seconds);
    let length = (step + step + SPREADS * 2) * 3 + step;
    let world = cluster.world(options.rate * length.as_secs_f64() / 4.0).await?;
    let clients =
        Clients::new(cluster.url.as_str(), world, options.rate, &Ask::ALL)?.by(cluster.http.clone());

    let timeline = Timeline::begin();
    timeline.note("requests begin");
    let (end, ended) = tokio::sync::oneshot::channel();
    let asking = tokio::spawn(clients.run_until(timeline.clone(), length * 2, ended));
    let mut spans = Vec::new();
    for service in SERVICES {
        time::sleep(step).await;
        disturb(cluster, undo, service, fault).await?;
        timeline.note(format_args!("calls to {service} are disturbed"));
        time::sleep(SPREADS).await;
        let from = timeline.seconds();
        time::sleep(step).await;
        spans.push((service, from, timeline.seconds()));
        undo.back().await?;
        timeline.note(format_args!("calls to {service} are left alone"));
        time::sleep(SPREADS).await;
    }
    time::sleep(step).await;
    let _ = end.send(());
    let asked = asking.await?;
    timeline.note("requests end");
    let felt = felt(&asked, &spans);
    Ok(Findings {
        verdict: verdict(&felt),
        table: table(&felt),
        plots: plots(&asked, &timeline)?,
        events: timeline.events(),
    })
}

async fn disturb(cluster: &Cluster, undo: &Undo, service: &str, fault: &Value) -> anyhow::Result<()> {
    const KIND: &str = "virtualservices.networking.istio.io";
    let name = cluster.name(service);
    let found = cluster
        .get(KIND, &name)
        .await
        .context("the release has no routes in the mesh (mesh.traffic.enabled)")?;
    let routes = found["spec"]["http"].as_array().context("the route is not one of HTTP")?;
    let patch = |routes: &[Value]| json!({ "spec": { "http": routes } }).to_string();
    let disturbed: Vec<Value> = routes
        .iter()
        .cloned()
        .map(|mut route| {
            route["fault"] = fault.clone();
            route
        })
        .collect();
    let arguments =
        |patch: &str| cluster.arguments(&["patch", KIND, &name, "--type", "merge", "--patch", patch]);
    let back = Action::Kubectl { arguments: arguments(&patch(routes)) };
    undo.before(&format!("the routes to {service}"), back)?;
    cluster::kubectl(&arguments(&patch(&disturbed))).await?;
    Ok(())
}

/// By route, for each service while it was disturbed, and for the time when nothing was.
fn felt(asked: &[Asked], spans: &[(&str, f64, f64)]) -> Vec<Felt> {
    let mut parts: BTreeMap<(Option<&str>, Ask), Vec<&Asked>> = BTreeMap::new();
    for one in asked {
        let disturbed = spans.iter().find(|(_, from, until)| (*from..*until).contains(&one.due));
        let near = Duration::as_secs_f64(&(SPREADS * 2));
        let is_near = spans.iter().any(|(_, from, until)| (from - near..until + near).contains(&one.due));
        match disturbed {
            Some((service, ..)) => parts.entry((Some(*service), one.ask)).or_default().push(one),
            None if !is_near => parts.entry((None, one.ask)).or_default().push(one),
            // The mesh was being told.
            None => {}
        }
    }
    let felt = |((service, ask), asked): ((Option<&str>, Ask), Vec<&Asked>)| Felt {
        service: service.map(str::to_owned),
        ask,
        seen: Seen::of(asked),
    };
    parts.into_iter().map(felt).collect()
}

/// Whether a route feels no service but those that it needs, and is answered in time even then.
#[must_use]
pub fn verdict(felt: &[Felt]) -> Verdict {
    let name = |felt: &&Felt| {
        format!("{} ({})", felt.ask.name(), felt.service.as_deref().unwrap_or("nothing disturbed"))
    };
    let list = |of: Vec<&Felt>| {
        let names: Vec<_> = of.iter().map(name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let suffers = |felt: &&Felt| felt.seen.lost > 0 || felt.seen.p99_ms > QUICK_MS;
    let is_needed = |felt: &&Felt| felt.service.as_deref().is_some_and(|service| needs(felt.ask, service));
    let hurt: Vec<_> = felt.iter().filter(|felt| !is_needed(felt)).filter(suffers).collect();
    let needed: Vec<_> = felt.iter().filter(is_needed).collect();
    let unfelt: Vec<_> = SERVICES
        .into_iter()
        .filter(|service| {
            !needed.iter().any(|felt| felt.service.as_deref() == Some(service) && suffers(felt))
        })
        .collect();
    let late: Vec<_> = felt.iter().filter(|felt| felt.seen.max_ms > IN_TIME_MS).collect();
    Verdict::default()
        .rule(
            "each service was disturbed: a route that needs it felt it",
            unfelt.is_empty(),
            match unfelt.as_slice() {
                [] => "all were felt".to_owned(),
                unfelt => format!("not felt: {}", unfelt.join(", ")),
            },
        )
        .rule(
            "no route feels a service that it does not need",
            hurt.is_empty() && !felt.is_empty(),
            list(hurt),
        )
        .rule("every request is answered in time, with an error if need be", late.is_empty(), list(late))
}

fn table(felt: &[Felt]) -> (Vec<String>, Vec<Vec<String>>) {
    let row = |felt: &Felt| {
        let disturbed = felt.service.as_deref().unwrap_or("nothing");
        felt.seen.row(&format!("{}, {disturbed} disturbed", felt.ask.name()))
    };
    (seen::header(), felt.iter().map(row).collect())
}

fn plots(asked: &[Asked], timeline: &Timeline) -> anyhow::Result<Vec<Plot>> {
    let marks = marks(&timeline.events());
    let of = |ask: Ask| asked.iter().filter(move |asked| asked.ask == ask).cloned().collect::<Vec<_>>();
    let latency = Ask::ALL.map(|ask| seen::over_time(ask.name(), &of(ask), PIECE, 99));
    let failed = Ask::ALL.map(|ask| seen::failures_over_time(ask.name(), &of(ask), PIECE));
    Ok(vec![
        over_time("latency", "How long 99 of a hundred requests take, by route", &latency, "ms", &marks)?,
        over_time("failures", "Requests that fail, by route", &failed, "a second", &marks)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(service: Option<&str>, ask: Ask, lost: usize, p99_ms: f64) -> Felt {
        let seen = Seen { requests: 50, lost, p99_ms, max_ms: p99_ms, ..Seen::default() };
        Felt { service: service.map(str::to_owned), ask, seen }
    }

    /// Every route for every service, slow where it needs that.
    fn recorded() -> Vec<Felt> {
        let services = [None].into_iter().chain(SERVICES.map(Some));
        let of = |service: Option<&'static str>| {
            let slow = move |ask| service.is_some_and(|service| needs(ask, service));
            Ask::ALL.map(|ask| one(service, ask, 0, if slow(ask) { 2_100.0 } else { 20.0 }))
        };
        services.flat_map(of).collect()
    }

    fn broken(change: impl Fn(&mut Felt)) -> usize {
        let mut felt = recorded();
        felt.iter_mut().for_each(change);
        verdict(&felt).broken().len()
    }

    #[test]
    fn routes_feel_what_they_need_and_nothing_else() {
        assert!(verdict(&recorded()).holds(), "{:?}", verdict(&recorded()));
        let is = |felt: &Felt, service, ask| felt.service.as_deref() == service && felt.ask == ask;
        assert_eq!(
            broken(|felt| {
                if is(felt, Some("account"), Ask::Matches) {
                    felt.seen.lost = 3;
                }
            }),
            1,
            "matches need no account"
        );
        assert_eq!(
            broken(|felt| {
                if is(felt, None, Ask::Bet) {
                    felt.seen.p99_ms = 1_500.0;
                }
            }),
            1,
            "nothing was disturbed"
        );
        assert_eq!(
            broken(|felt| {
                if is(felt, Some("league-schedule"), Ask::Matches) {
                    felt.seen.p99_ms = 20.0;
                }
            }),
            1,
            "the mesh did nothing"
        );
        assert_eq!(
            broken(|felt| {
                if is(felt, Some("betting"), Ask::Bet) {
                    felt.seen.max_ms = 9_000.0;
                }
            }),
            1,
            "nobody waits so long"
        );
        assert_eq!(verdict(&[]).broken().len(), 2);
    }

    #[test]
    fn what_was_due_while_the_mesh_was_being_told_counts_for_nothing() {
        let at = |due| Asked { ask: Ask::Me, due, took: 0.01, failures: Vec::new(), is_good: true };
        let felt = felt(&[at(1.0), at(12.0), at(17.0), at(29.0), at(40.0)], &[("account", 15.0, 25.0)]);
        let counted: Vec<_> = felt.iter().map(|felt| (felt.service.as_deref(), felt.seen.requests)).collect();
        assert_eq!(counted, [(None, 2), (Some("account"), 1)]);
    }
}

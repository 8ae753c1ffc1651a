//! Makes the runs of a plan.

mod long;
mod overload;
mod settle;
mod stream;
mod traces;

use std::{collections::BTreeMap, time::Duration};

use loljoa_service_kit::Clock;

use crate::{
    console::complain,
    engine::{
        Load, Pace, Recorder, Window, drive,
        view::{Live, View},
    },
    lab::{Lab, Options, Stack},
    measure::{self, Sample},
    plan::{Stage, Wanted, stages},
    results::{Cost, Results, Run, title},
    scenario::Kind,
};

/// How each run is made.
#[derive(Clone, Debug)]
pub struct Manner {
    /// What is not measured, at the beginning.
    pub warm_up: Duration,
    /// What is measured.
    pub length: Duration,
    /// Requests a second, instead of one after the other.
    pub rate: Option<f64>,
    /// How it is shown.
    pub view: View,
    /// How large what is large is.
    pub size: Size,
}

/// How large what is large is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Bets on the market that is settled.
    pub settled: u64,
    /// Bets of a long load.
    pub long: u64,
    /// Who listens to a market.
    pub listeners: usize,
}

/// As large as there is time for beside everything else.
impl Default for Size {
    fn default() -> Self {
        Self { settled: 250_000, long: 500_000, listeners: 10_000 }
    }
}

impl Size {
    /// Where somebody asks for it by name, and has the time.
    #[must_use]
    pub fn full() -> Self {
        Self { settled: 1_000_000, long: 10_000_000, ..Self::default() }
    }
}

/// Measures what is wanted, in a lab of its own. Each run is added to `results` as soon as it was made.
///
/// # Errors
///
/// When a part does not start. What goes wrong in a run is told in the results.
pub async fn run(
    wanted: &Wanted,
    manner: &Manner,
    options: Options,
    results: &mut Option<Results>,
) -> anyhow::Result<()> {
    complain(format_args!(
        "starting PostgreSQL, account and league-schedule, and signing {} users up …",
        options.users
    ));
    let started_at = Clock::system().now();
    let mut lab = Lab::start(options).await?;
    let machine = measure::machine(lab.postgres_version().await?);
    let results = results.get_or_insert_with(|| Results {
        machine,
        started_at,
        revision: measure::revision(),
        is_optimised: !cfg!(debug_assertions),
        runs: Vec::new(),
    });
    for stage in stages(wanted) {
        of_stage(&mut lab, &stage, manner, &mut results.runs).await?;
    }
    lab.stop().await;
    Ok(())
}

async fn of_stage(lab: &mut Lab, stage: &Stage, manner: &Manner, made: &mut Vec<Run>) -> anyhow::Result<()> {
    let stack = lab.stack(stage.against, stage.replicas).await?;
    for (kind, connections) in &stage.runs {
        made.push(one(lab, &stack, *kind, *connections, manner).await?);
    }
    stack.stop().await;
    Ok(())
}

/// Makes one run, and audits it.
///
/// # Errors
///
/// When it cannot be made at all.
pub async fn one(
    lab: &mut Lab,
    stack: &Stack,
    kind: Kind,
    connections: usize,
    manner: &Manner,
) -> anyhow::Result<Run> {
    let mut run = match kind {
        Kind::Overload => overload::run(lab, stack, connections, manner).await?,
        Kind::Settle => settle::run(lab, stack, manner).await?,
        Kind::Stream => stream::run(lab, stack, connections, manner).await?,
        Kind::Long => long::run(lab, stack, connections, manner).await?,
        Kind::Traces => traces::run(lab, stack, connections, manner).await?,
        _ => loaded(lab, stack, kind, connections, manner).await?,
    };
    run.against = Some(stack.against());
    run.replicas = stack.replicas();
    complain(format_args!("  {}", summary(&run)));
    Ok(run)
}

async fn loaded(
    lab: &mut Lab,
    stack: &Stack,
    kind: Kind,
    connections: usize,
    manner: &Manner,
) -> anyhow::Result<Run> {
    let world = lab.world(stack, kind).await?;
    lab.settle_down().await?;
    let subject = lab.subject_of(stack)?;
    let title = title(kind, Some(stack.against()), connections, stack.replicas(), manner.rate);
    complain(format_args!("{title} …"));
    let load = load(kind, connections, manner);
    let addresses = if kind == Kind::Bare { stack.probes() } else { stack.gateways() };
    let live = Live::begin(&manner.view, title, &load)?;
    let look = async || subject.look().await;
    let (recorder, before, after) = drive(addresses, load, kind.of(world.clone()), live, look).await?;
    let mut run = told(kind, load, manner.rate, &recorder);
    run.cost = Some(cost(&before, &after));
    run.audit = Some(lab.audit(stack, &world, recorder.accepted_in_all()).await?);
    Ok(run)
}

/// A load of this kind.
#[must_use]
pub fn load(kind: Kind, connections: usize, manner: &Manner) -> Load {
    let warm_up = if kind.is_measured_cold() { Duration::ZERO } else { manner.warm_up };
    let window = Window { from: warm_up, until: warm_up + manner.length, slice: kind.slice() };
    let pace = manner.rate.map_or_else(|| kind.pace(window), Pace::Rate);
    Load { connections, pace, window }
}

/// What was recorded of a load.
#[must_use]
pub fn told(kind: Kind, load: Load, rate: Option<f64>, recorder: &Recorder) -> Run {
    let tally = recorder.tally().clone();
    Run {
        connections: load.connections,
        rate,
        seconds: load.window.length().as_secs_f64(),
        requests: tally.requests,
        accepted: tally.accepted,
        replayed: tally.replayed,
        refused: tally.refused,
        errors: tally.errors,
        latency: recorder.latency(),
        slices: recorder.slices(),
        parts: recorder.parts(),
        ..Run::of(kind)
    }
}

fn cost(before: &Sample, after: &Sample) -> Cost {
    Cost {
        cpu_seconds: measure::used(before, after),
        memory_bytes: after.memory.clone(),
        wal_bytes: after.wal.saturating_sub(before.wal),
        stored_bytes: grown(&before.stored, &after.stored),
        backend_seconds: measure::used_of(&before.backends, &after.backends),
        connections: after.connections,
    }
}

fn grown(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let grown = |(name, after): (&String, &u64)| {
        (name.clone(), after.saturating_sub(before.get(name).copied().unwrap_or_default()))
    };
    after.iter().map(grown).collect()
}

/// Adds what was counted in a leg to the run that it is part of.
fn add_counts(run: &mut Run, leg: &Run) {
    run.seconds += leg.seconds;
    run.requests += leg.requests;
    run.accepted += leg.accepted;
    run.replayed += leg.replayed;
    for (all, some) in [(&mut run.refused, &leg.refused), (&mut run.errors, &leg.errors)] {
        for (what, times) in some {
            *all.entry(what.clone()).or_default() += times;
        }
    }
}

/// A run in a line.
#[must_use]
pub fn summary(run: &Run) -> String {
    let failures = run.failures();
    if run.requests == 0 {
        let cpu = run.cpu_per_bet_in_all().unwrap_or_default();
        let rate = run.accepted_per_second();
        return format!("{rate:.0} bets/s in {:.1} s, {cpu:.0} µs a bet{}", run.seconds, told_of(&failures));
    }
    let end = told_of(&failures);
    format!(
        "{:.0} requests/s, {:.0} bets/s, p50 {:.1} ms, p99 {:.1} ms{}{end}",
        run.requests_per_second(),
        run.accepted_per_second(),
        run.latency.p50_ms,
        run.latency.p99_ms,
        run.cpu_per_bet_in_all().map(|micros| format!(", {micros:.0} µs a bet")).unwrap_or_default()
    )
}

fn told_of(failures: &[String]) -> String {
    if failures.is_empty() { String::new() } else { format!("; FAILED: {}", failures.join("; ")) }
}

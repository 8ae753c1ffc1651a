//! So many bets that what grows with them shows: on one hot market after the other, as a season has them.

use std::time::Duration;

use tokio::time::{self, Instant};

use super::{Manner, add_counts, cost, load, told};
use crate::{
    console::complain,
    engine::{Recorder, Spread, drive, view::Live},
    lab::{Lab, Stack},
    measure,
    results::{Audit, Cost, Endurance, Found, Leg, Run, Slice, Upkeep, title},
    scenario::{Kind, World},
};

/// All legs so far.
struct Course {
    run: Run,
    legs: Vec<Leg>,
    spread: Spread,
    placed: u64,
    /// Every market so far.
    all: World,
}

/// Bets on one market after the other, each for as long as a run is measured, until there are as many bets as are wanted.
pub(super) async fn run(
    lab: &mut Lab,
    stack: &Stack,
    connections: usize,
    manner: &Manner,
) -> anyhow::Result<Run> {
    let bets = manner.size.long;
    let all = lab.world(stack, Kind::Long).await?;
    complain(format_args!("long, {}: {bets} bets on {connections} connections …", stack.against().name()));
    let before = upkeep(lab, stack, &all, 0, manner.length).await?.1;
    let run = Run { connections, rate: manner.rate, ..Run::of(Kind::Long) };
    let mut course = Course { run, legs: Vec::new(), spread: Spread::default(), placed: 0, all };
    while course.placed < bets {
        let placed = course.placed;
        course.leg(lab, stack, manner).await?;
        anyhow::ensure!(course.placed > placed, "no bet is accepted any more: {:?}", course.run.failures());
        complain(format_args!("  {} of {bets} bets are there", course.placed));
    }
    let Course { mut run, legs, spread, placed, all } = course;
    let (audit, after) = upkeep(lab, stack, &all, placed, manner.length).await?;
    run.latency = spread.told();
    run.audit = Some(audit);
    run.found = Some(Found::Long(Endurance { wanted: bets, placed, legs, before, after }));
    Ok(run)
}

impl Course {
    async fn leg(&mut self, lab: &mut Lab, stack: &Stack, manner: &Manner) -> anyhow::Result<()> {
        let kind = Kind::Long;
        let world = lab.world(stack, kind).await?;
        let subject = lab.subject_of(stack)?;
        let load = load(kind, self.run.connections, manner);
        let title = title(kind, Some(stack.against()), load.connections, stack.replicas(), manner.rate);
        let live = Live::begin(&manner.view, title, &load)?;
        let look = async || subject.look().await;
        self.all.markets.extend(world.markets.iter().cloned());
        let (recorder, before, after) = drive(stack.gateways(), load, kind.of(world), live, look).await?;
        self.add(&recorder, &told(kind, load, manner.rate, &recorder), cost(&before, &after));
        Ok(())
    }

    fn add(&mut self, recorder: &Recorder, leg: &Run, cost: Cost) {
        self.placed += recorder.accepted_in_all();
        self.spread.add(recorder);
        self.legs.push(Leg {
            placed: self.placed,
            seconds: leg.seconds,
            accepted: leg.accepted,
            latency: leg.latency,
            cpu_seconds: measure::of_system(&cost.cpu_seconds),
            memory_bytes: cost.memory_bytes.clone(),
        });
        join(&mut self.run, leg, cost);
    }
}

/// Adds a leg to the run that it is part of.
fn join(run: &mut Run, leg: &Run, cost: Cost) {
    let from_ms = Duration::from_secs_f64(run.seconds).as_millis().try_into().unwrap_or(u64::MAX);
    run.slices.extend(leg.slices.iter().map(|slice| Slice { from_ms: from_ms + slice.from_ms, ..*slice }));
    add_counts(run, leg);
    let all = run.cost.get_or_insert_default();
    for (process, seconds) in cost.cpu_seconds {
        *all.cpu_seconds.entry(process).or_default() += seconds;
    }
    all.wal_bytes += cost.wal_bytes;
    all.memory_bytes = cost.memory_bytes;
}

/// What keeping the bets takes that are there: what the processes do while nobody asks, how long an audit of everything takes, and
/// how long another replica of betting takes until it is ready.
async fn upkeep(
    lab: &Lab,
    stack: &Stack,
    all: &World,
    placed: u64,
    quiet: Duration,
) -> anyhow::Result<(Audit, Upkeep)> {
    let subject = lab.subject_of(stack)?;
    let before = subject.look().await?;
    time::sleep(quiet).await;
    let used = measure::of_system(&measure::used(&before, &subject.look().await?));
    let started = Instant::now();
    let audit = lab.audit(stack, all, placed).await?;
    let audit_seconds = started.elapsed().as_secs_f64();
    let start_seconds = lab.start_another().await?.as_secs_f64();
    Ok((audit, Upkeep { quiet_cpu: used / quiet.as_secs_f64(), audit_seconds, start_seconds }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::fixtures;

    #[test]
    fn legs_add_up_and_follow_each_other() {
        let leg = fixtures::results().runs[0].clone();
        let cost = leg.cost.clone().unwrap();
        let mut run = Run::of(Kind::Long);
        join(&mut run, &leg, cost.clone());
        join(&mut run, &leg, cost.clone());
        assert_eq!((run.accepted, run.slices.len()), (2 * leg.accepted, 2 * leg.slices.len()));
        assert_eq!(run.slices[10].from_ms, 10_000);
        assert!((run.accepted_per_second() - leg.accepted_per_second()).abs() < 1e-9);
        let all = run.cost.unwrap();
        assert_eq!((all.wal_bytes, all.memory_bytes), (2 * cost.wal_bytes, cost.memory_bytes));
    }
}

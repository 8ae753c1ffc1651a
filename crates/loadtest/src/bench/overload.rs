//! More than is sustained. How much that is, is found out just before.

use std::{cell::Cell, time::Duration};

use anyhow::ensure;
use tokio::time;

use super::{Manner, cost, told};
use crate::{
    engine::{Load, Pace, Recorder, Window, drive, view::Live},
    lab::{GATEWAY, Stack},
    measure::Subject,
    results::{Overload, Run},
    scenario::{
        Kind, World,
        overload::{CROWD, steps},
    },
};

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Makes the run, and tells how many bets were accepted in all.
pub(super) async fn run(
    stack: &Stack,
    subject: &Subject,
    world: World,
    connections: usize,
    title: &str,
    manner: &Manner,
) -> anyhow::Result<(Run, u64)> {
    let Manner { warm_up, length, .. } = *manner;
    let scenario = Kind::Overload.of(world);
    let slice = Kind::Overload.slice();
    let window = Window { from: warm_up, until: warm_up + length / 2, slice };
    let load = Load { connections: connections.div_ceil(CROWD), pace: Pace::Closed, window };
    let live = Live::begin(&manner.view, format!("{title}: what is sustained"), &load)?;
    let (probe, (), ()) = drive(stack.gateways(), load, scenario.clone(), live, async || Ok(())).await?;
    let peak = told(Kind::Overload, load, None, &probe).accepted_per_second();
    ensure!(peak > 0.0, "nothing was accepted even before the overload");

    let steps = steps(peak, length);
    let until = steps.iter().map(|step| step.length).sum();
    let window = Window { from: Duration::ZERO, until, slice };
    let load = Load { connections, pace: Pace::Steps(steps), window };
    let live = Live::begin(&manner.view, title.to_owned(), &load)?;
    let most = Cell::new(0);
    let look = async || subject.look().await;
    let (recorder, before, after) = tokio::select! {
        driven = drive(stack.gateways(), load, scenario, live, look) => driven?,
        watched = watch(subject, &most) => return Err(watched),
    };
    let mut run = told(Kind::Overload, load, None, &recorder);
    add_errors(&mut run, &probe);
    let memory_before = before.memory.get(GATEWAY).copied().unwrap_or_default();
    run.overload = Some(Overload { peak, memory_before, memory_most: most.get() });
    run.cost = Some(cost(&before, &after));
    Ok((run, probe.accepted_in_all() + recorder.accepted_in_all()))
}

/// Notes the most that the gateway holds, for as long as it can be looked at.
async fn watch(subject: &Subject, most: &Cell<u64>) -> anyhow::Error {
    loop {
        match subject.memory_of(GATEWAY) {
            Ok(memory) => most.set(most.get().max(memory)),
            Err(error) => return error,
        }
        time::sleep(LOOK_EVERY).await;
    }
}

fn add_errors(run: &mut Run, probe: &Recorder) {
    for (error, times) in &probe.tally().errors {
        *run.errors.entry(error.clone()).or_default() += times;
    }
}

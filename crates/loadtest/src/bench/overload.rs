//! More than is sustained. How much that is, is found out just before.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use anyhow::ensure;
use tokio::time::{self, Instant};

use super::{Manner, cost, told};
use crate::{
    console::complain,
    engine::{Load, Pace, Recorder, Step, Window, drive, view::Live},
    lab::{GATEWAY, Lab, Stack},
    measure::{Apart, Sample, Subject, used},
    results::{Found, Overload, Part, Run, title},
    scenario::{
        Kind, World,
        overload::{CROWD, steps},
    },
};

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Finds out what is sustained, asks for more, and audits it all.
pub(super) async fn run(
    lab: &mut Lab,
    stack: &Stack,
    connections: usize,
    manner: &Manner,
) -> anyhow::Result<Run> {
    let world = lab.world(stack, Kind::Overload).await?;
    lab.settle_down().await?;
    let subject = lab.subject_of(stack)?;
    let title = title(Kind::Overload, Some(stack.against()), connections, stack.replicas(), manner.rate);
    complain(format_args!("{title} …"));
    // The crowd that asks for too much costs as much as the system: beside it on the same processors, the system would have less for
    // what it sustains than it had when that was found out.
    let _apart = Apart::begin(&subject)?;
    let (mut run, accepted) = asked(stack, &subject, world.clone(), connections, &title, manner).await?;
    run.audit = Some(lab.audit(stack, &world, accepted).await?);
    Ok(run)
}

/// Makes the run, and tells how many bets were accepted in all.
async fn asked(
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
    let watched = Watched::default();
    let look = async || {
        watched.began();
        subject.look().await
    };
    let (recorder, before, after) = tokio::select! {
        driven = drive(stack.gateways(), load, scenario, live, look) => driven?,
        failed = watched.watch(subject, &steps) => return Err(failed),
    };
    let mut run = told(Kind::Overload, load, None, &recorder);
    add_errors(&mut run, &probe);
    let memory_before = before.memory.get(GATEWAY).copied().unwrap_or_default();
    let memory_most = watched.most.get();
    run.found = Some(Found::Overload(Overload { peak, memory_before, memory_most }));
    run.cost = Some(cost(&before, &after));
    watched.tell(&mut run.parts, before, after);
    Ok((run, probe.accepted_in_all() + recorder.accepted_in_all()))
}

/// What was seen of the system meanwhile.
#[derive(Default)]
struct Watched {
    began: Cell<Option<Instant>>,
    /// The most that the gateway held. Bytes.
    most: Cell<u64>,
    /// One look at the end of each step.
    looks: RefCell<Vec<Sample>>,
}

impl Watched {
    /// The first call is that of the beginning.
    fn began(&self) {
        if self.began.get().is_none() {
            self.began.set(Some(Instant::now()));
        }
    }

    /// Looks for as long as there is something to look at.
    async fn watch(&self, subject: &Subject, steps: &[Step]) -> anyhow::Error {
        loop {
            if let Err(error) = self.look(subject, steps).await {
                return error;
            }
            time::sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&self, subject: &Subject, steps: &[Step]) -> anyhow::Result<()> {
        self.most.set(self.most.get().max(subject.memory_of(GATEWAY)?));
        let ended = self.looks.borrow().len() + 1;
        let end: Duration = steps.iter().take(ended).map(|step| step.length).sum();
        // The end of the last step is looked at by the load itself.
        if ended < steps.len() && self.began.get().is_some_and(|began| began.elapsed() >= end) {
            let sample = subject.look().await?;
            self.looks.borrow_mut().push(sample);
        }
        Ok(())
    }

    /// Tells each part what it cost.
    fn tell(self, parts: &mut [Part], before: Sample, after: Sample) {
        let mut from = before;
        for (part, until) in parts.iter_mut().zip(self.looks.into_inner().into_iter().chain([after])) {
            part.cpu_seconds = used(&from, &until);
            part.memory_bytes = until.memory.clone();
            from = until;
        }
    }
}

fn add_errors(run: &mut Run, probe: &Recorder) {
    for (error, times) in &probe.tally().errors {
        *run.errors.entry(error.clone()).or_default() += times;
    }
}

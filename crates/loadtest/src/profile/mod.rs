//! One run, looked at more closely: where a service spends its time, and what the database does for it.

mod perf;
mod statements;

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};

use anyhow::Context;

use crate::{
    bench::{Manner, load, told},
    console::complain,
    engine::{drive, view::Live},
    lab::{Lab, Options},
    results::{Against, Run, Service, title},
    scenario::Kind,
};

pub use perf::FlameGraph;
pub use statements::{Statement, of_statements};

/// What is looked at, and how.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What is asked.
    pub scenario: Kind,
    /// By how many connections.
    pub connections: usize,
    /// Whose time is looked at.
    pub service: Service,
    /// Looks a second.
    pub frequency: u32,
    /// Where what is found goes.
    pub out: PathBuf,
}

/// What was found.
#[derive(Debug)]
pub struct Profile {
    /// The load that it was found under.
    pub run: Run,
    /// Where the service's time went.
    pub flame_graph: FlameGraph,
    /// What the database did, the costliest first.
    pub statements: Vec<Statement>,
}

/// Puts load on a system of its own, and looks at it meanwhile. Looking costs time: the run's figures are no measurement.
///
/// # Errors
///
/// When a part does not start, or the kernel does not let us look.
pub async fn profile(wanted: &Wanted, manner: &Manner, options: Options) -> anyhow::Result<Profile> {
    perf::require().await?;
    std::fs::create_dir_all(&wanted.out).with_context(|| wanted.out.display().to_string())?;
    complain("starting a system to look at …");
    let mut lab = Lab::start(Options { counts_statements: true, ..options }).await?;
    let stack = lab.stack(Against::Ours, 1).await?;
    let subject = lab.subject_of(&stack)?;
    let process = subject.processes.iter().find(|(name, _)| *name == wanted.service.name());
    let pid = process.with_context(|| format!("{} does not run", wanted.service.name()))?.1;
    perf::try_out(pid).await?;

    let world = lab.world(&stack, wanted.scenario).await?;
    lab.settle_down().await?;
    let load = load(wanted.scenario, wanted.connections, manner);
    let title =
        title(wanted.scenario, Some(Against::Ours), wanted.connections, stack.replicas(), manner.rate);
    complain(format_args!("{title} …"));
    let live = Live::begin(&manner.view, title, &load)?;
    let data = wanted.out.join(format!("{}.perf.data", wanted.service.name()));
    let recording = Mutex::new(None);
    // The first look begins, the second ends.
    let look = async || {
        let running = recording.lock().ok().and_then(|mut recording| recording.take());
        let Some(running) = running else {
            statements::forget(&subject.pool).await?;
            let begun = perf::Recording::begin(pid, wanted.frequency, &data)?;
            if let Ok(mut recording) = recording.lock() {
                *recording = Some(begun);
            }
            return Ok(Vec::new());
        };
        running.end().await?;
        statements::known(&subject.pool).await
    };
    let scenario = wanted.scenario.of(world.clone());
    let (recorder, _, statements) = drive(stack.gateways(), load, scenario, live, look).await?;
    let mut run = told(wanted.scenario, load, manner.rate, &recorder);
    run.against = Some(Against::Ours);
    run.audit = Some(lab.audit(&stack, &world, recorder.accepted_in_all()).await?);
    stack.stop().await;
    lab.stop().await;
    complain("drawing …");
    let flame_graph = draw(wanted, &run, &data).await?;
    Ok(Profile { run, flame_graph, statements })
}

async fn draw(wanted: &Wanted, run: &Run, data: &Path) -> anyhow::Result<FlameGraph> {
    let title = format!("{} under {}", wanted.service.name(), run.title());
    let stacks = perf::stacks(data).await?;
    perf::draw(&stacks, &title)
}

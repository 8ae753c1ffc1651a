//! The command line.

use std::{
    env,
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::anyhow;
use clap::{Args, Parser, Subcommand};
use futures::FutureExt;
use loljoa_loadtest::{
    console::{complain, say},
    measure, results,
};
use loljoa_service_kit::{Clock, cli::EXIT_USAGE, lifecycle};

use crate::{
    cluster::{self, Cluster},
    experiments::{
        abort, burst, faults, kill, kill_pods, latency, liveness, noisy, readiness, rollout, scale,
    },
    report::{About, Findings, Report, document, page},
    serve,
    system::{Programs, Scene, state},
    undo::{self, Undo},
};

/// The experiments of 2022, each one command: what is broken on purpose, what clients see of it, and whether that is as promised
#[derive(Parser)]
#[command(
    name = "loljoa lab",
    version,
    after_help = "An experiment starts a whole system on this machine, and ends it. Exits 0 when everything held, 1 when not.\n\nExamples:\n  \
    loljoa lab readiness\n  loljoa lab scale --pods 1,2,4,8 --html scale.html\n  loljoa lab kill --steps after-debit\n  loljoa lab restore"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Common {
    /// Write a page with plots here
    #[arg(long, global = true, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write a document with its plots into this folder
    #[arg(long, global = true, value_name = "FOLDER")]
    document: Option<PathBuf>,
    /// The `loljoa` binary; `loljoa-bench` is beside it [default: the one beside this program]
    #[arg(long, global = true, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Where data and logs are for the time being [default: the folder for temporary files]
    #[arg(long, global = true, value_name = "FOLDER")]
    place: Option<PathBuf>,
    /// Where journals of what is to be put back are [default: ~/.local/state/loljoa/lab]
    #[arg(long, global = true, value_name = "FOLDER", env = "LOLJOA_LAB_STATE", hide_env_values = true)]
    state: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// A pod refuses traffic for 15 seconds
    Readiness(readiness::Options),
    /// A pod is turned off, again and again, and restarted
    Liveness(liveness::Options),
    /// More pods under the same load, beside the transaction of 2022
    Scale(scale::Options),
    /// A pod dies at a chosen step of a bet; on a cluster a pod of each service
    Kill(kill::Options),
    /// A hot market beside 200 quiet ones
    Noisy(noisy::Options),
    /// On a cluster: calls to one service after the other are slow
    Latency(faults::Options),
    /// On a cluster: calls to one service after the other fail
    Abort(faults::Options),
    /// On a cluster: versions come and go, and bad ones are rolled back
    Rollout(rollout::Options),
    /// On a cluster: a thousand users come at once, and autoscalers follow
    Burst(burst::Options),
    /// Put back what experiments left behind that were killed
    Restore,
    /// Serve betting with fail points, as experiments do for themselves
    #[command(hide = true)]
    Serve {
        /// Which service
        #[arg(value_parser = ["betting"])]
        service: String,
        /// Stop when standard input closes
        #[arg(long)]
        until_stdin_closes: bool,
    },
}

/// The experiments on a cluster that are made with processes, too.
const HAVE_PROCESSES: [&str; 3] = [readiness::ABOUT.name, liveness::ABOUT.name, kill::ABOUT.name];

/// Does what the command line says.
pub async fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // It fails when nobody listens any more.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    execute(arguments).await.unwrap_or_else(|error| {
        complain(format_args!("loljoa lab: {error:#}"));
        let is_usage = error.chain().any(<dyn std::error::Error>::is::<cluster::Unnamed>);
        if is_usage { ExitCode::from(EXIT_USAGE) } else { ExitCode::FAILURE }
    })
}

async fn execute(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { command, common } = arguments;
    let about = match &command {
        Command::Serve { until_stdin_closes, .. } => return Ok(serve::run(*until_stdin_closes).await),
        Command::Restore => return restore(&state(common.state.as_deref())?).await,
        Command::Readiness(_) => readiness::ABOUT,
        Command::Liveness(_) => liveness::ABOUT,
        Command::Scale(_) => scale::ABOUT,
        Command::Kill(options) if options.cluster.is_given() => kill_pods::ABOUT,
        Command::Kill(_) => kill::ABOUT,
        Command::Noisy(_) => noisy::ABOUT,
        Command::Latency(_) => latency::ABOUT,
        Command::Abort(_) => abort::ABOUT,
        Command::Rollout(_) => rollout::ABOUT,
        Command::Burst(_) => burst::ABOUT,
    };
    let named = match &command {
        Command::Latency(options) | Command::Abort(options) => Some(&options.cluster),
        Command::Rollout(options) => Some(&options.cluster),
        Command::Burst(options) => Some(&options.cluster),
        Command::Readiness(options) => Some(&options.cluster).filter(|cluster| cluster.is_given()),
        Command::Liveness(options) => Some(&options.cluster).filter(|cluster| cluster.is_given()),
        Command::Kill(options) => Some(&options.cluster).filter(|cluster| cluster.is_given()),
        _ => None,
    };
    let cluster = match named {
        Some(options) => Some(Cluster::named(options).await?),
        None => None,
    };
    let (about, file) = if cluster.is_some() { there(about) } else { (about, about.name.to_owned()) };
    let target = cluster.as_ref().map_or_else(machine, Cluster::told);
    let undo = Undo::begin(&state(common.state.as_deref())?, about.name)?;
    let programs = Programs::beside(common.program.clone(), common.place.clone())?;
    let scene = Scene { undo, programs };
    let started_at = Clock::system().now();
    let found = tokio::select! {
        found = AssertUnwindSafe(Box::pin(make(&scene, command, cluster))).catch_unwind() => {
            found.unwrap_or_else(|_| Err(anyhow!("the experiment panicked")))
        }
        () = lifecycle::shutdown_on_signal().cancelled_owned() => Err(anyhow!("stopped by hand")),
    };
    // Whatever ran has been dropped by now, and has ended.
    let put_back = scene.undo.put_back().await;
    let findings = match (found, put_back) {
        (Ok(findings), Ok(())) => findings,
        (Ok(_), Err(error)) => return Err(error),
        (Err(error), Ok(())) => return Err(error.context("everything was put back")),
        (Err(error), Err(left)) => return Err(error.context(left)),
    };
    let report = Report {
        about,
        file,
        command: told(env::args().skip(1)),
        target,
        started_at,
        revision: measure::revision(),
        findings,
    };
    tell(&report, &common)
}

/// An experiment on a cluster, where nothing stands for anything, and what its document is called.
fn there(about: About) -> (About, String) {
    let is_elsewhere_too = HAVE_PROCESSES.contains(&about.name);
    let file = if is_elsewhere_too { format!("{}-on-a-cluster", about.name) } else { about.name.to_owned() };
    (About { stands_in: &[], ..about }, file)
}

async fn make(scene: &Scene, command: Command, cluster: Option<Cluster>) -> anyhow::Result<Findings> {
    let named = || cluster.as_ref().ok_or(cluster::Unnamed);
    match command {
        Command::Readiness(options) => match &cluster {
            Some(cluster) => Box::pin(readiness::on_cluster(cluster, &scene.undo, &options)).await,
            None => Box::pin(readiness::run(scene, &options)).await,
        },
        Command::Liveness(options) => match &cluster {
            Some(cluster) => Box::pin(liveness::on_cluster(cluster, &scene.undo, &options)).await,
            None => Box::pin(liveness::run(scene, &options)).await,
        },
        Command::Scale(options) => Box::pin(scale::run(scene, &options)).await,
        Command::Kill(options) => match &cluster {
            Some(cluster) => Box::pin(kill_pods::run(cluster, &scene.undo, &options)).await,
            None => Box::pin(kill::run(scene, &options)).await,
        },
        Command::Noisy(options) => Box::pin(noisy::run(scene, &options)).await,
        Command::Latency(options) => Box::pin(latency::run(named()?, &scene.undo, &options)).await,
        Command::Abort(options) => Box::pin(abort::run(named()?, &scene.undo, &options)).await,
        Command::Rollout(options) => Box::pin(rollout::run(named()?, &scene.undo, &options)).await,
        Command::Burst(options) => Box::pin(burst::run(named()?, &scene.undo, &options)).await,
        Command::Restore | Command::Serve { .. } => Err(anyhow!("that is no experiment")),
    }
}

async fn restore(state: &Path) -> anyhow::Result<ExitCode> {
    match undo::restore(state).await? {
        0 => say("nothing was left behind"),
        count => say(format_args!("put back what was left behind; journals: {count}")),
    }
    Ok(ExitCode::SUCCESS)
}

/// Says and writes what came of it.
fn tell(report: &Report, common: &Common) -> anyhow::Result<ExitCode> {
    let verdict = &report.findings.verdict;
    say(format_args!("\n{}:", report.about.title));
    for rule in &verdict.rules {
        let holds = if rule.holds { "holds " } else { "BROKEN" };
        say(format_args!("  {holds}  {}: {}", rule.what, rule.seen));
    }
    if let Some(file) = &common.html {
        results::write(file, &page(report))?;
    }
    if let Some(folder) = &common.document {
        let document = document(report);
        results::write(&folder.join(format!("{}.md", report.file)), &document.text)?;
        for (file, picture) in &document.pictures {
            results::write(&folder.join(file), picture)?;
        }
    }
    Ok(if verdict.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The command that makes the experiment again: without what says where programs, files and gateways are.
fn told(arguments: impl Iterator<Item = String>) -> String {
    const PLACES: [&str; 5] = ["--html", "--document", "--program", "--place", "--state"];
    let mut told = vec!["loljoa lab".to_owned()];
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        if PLACES.contains(&argument.as_str()) {
            arguments.next();
        } else if argument == "--ingress" {
            arguments.next();
            told.push("--ingress ADDRESS".to_owned());
        } else if !PLACES.iter().any(|place| argument.starts_with(&format!("{place}="))) {
            told.push(argument);
        }
    }
    told.join(" ")
}

fn machine() -> String {
    let machine = measure::machine(String::new());
    let build = if cfg!(debug_assertions) { ", not an optimised build" } else { "" };
    format!(
        "processes of one machine ({}, {} cores, {} GiB{build})",
        machine.processor,
        machine.cores,
        machine.memory_bytes >> 30
    )
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_command_that_is_told_makes_the_experiment_and_says_nothing_of_places() {
        let told = |words: &str| told(words.split_whitespace().map(str::to_owned));
        assert_eq!(
            told("scale --pods 1,2 --html a.html --program=/x/loljoa --seconds 3 --document docs"),
            "loljoa lab scale --pods 1,2 --seconds 3"
        );
        assert_eq!(told("abort --ingress 127.0.0.1 --rate 5"), "loljoa lab abort --ingress ADDRESS --rate 5");
    }
}

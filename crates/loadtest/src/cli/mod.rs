//! The command line.

mod baseline;
mod capacity;
mod load;
mod profile;
mod report;
mod run;
mod target;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

use crate::console::complain;

/// A command line that cannot be worked with (`EX_USAGE`).
const EXIT_USAGE: u8 = 64;

/// Measures LOL.JOA under load, beside the designs that it replaced
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  \
    loljoa-bench run hot-market\n  \
    loljoa-bench run hot-market refusals --connections 64,256 --seconds 5 --against ours,pessimistic\n  \
    loljoa-bench run hot-market --replicas 1,2,4,8 --connections 256 --html report.html\n  \
    loljoa-bench run hot-market --gateways 1,2,4 --accounts 1,2,4 --connections 256 --against ours\n  \
    loljoa-bench run overload login-storm --against ours\n  \
    loljoa-bench profile hot-market --service gateway\n  \
    loljoa-bench target http://127.0.0.1:8080 hot-market --rate 500\n  \
    loljoa-bench report target/bench/results.json --document docs/performance.md"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start systems, put load on them, and audit them afterwards
    Run(run::Arguments),
    /// Put load on a system that runs already
    Target(target::Arguments),
    /// Look where a service's time goes under load, and what the database does
    Profile(profile::Arguments),
    /// Make a page and a document of results
    Report(report::Arguments),
    /// Tell what a number of bets a second takes, and costs, by what results have measured
    Capacity(capacity::Arguments),
    /// Serve an old design, as `run` does for itself
    #[command(hide = true)]
    Baseline(baseline::Arguments),
}

/// Does what the command line says.
#[must_use]
pub fn run() -> ExitCode {
    match execute(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            complain(format_args!("loljoa-bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(arguments) => lean()?.block_on(run::run(arguments)),
        Command::Target(arguments) => lean()?.block_on(target::run(arguments)),
        Command::Profile(arguments) => lean()?.block_on(profile::run(arguments)),
        Command::Report(arguments) => report::run(&arguments),
        Command::Capacity(arguments) => capacity::run(&arguments),
        Command::Baseline(arguments) => Runtime::new()?.block_on(baseline::run(arguments)),
    }
}

/// Whoever asks takes one thread, and leaves the rest of the machine to whom it asks.
fn lean() -> anyhow::Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Results that do not count are told by the exit code as well.
fn code(is_sound: bool) -> ExitCode {
    if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

mod incidents;
mod league;
mod log_level;
mod markets;
mod periods;
mod reconcile;
mod repair;
mod show;

use std::process::ExitCode;

use clap::{Args, Subcommand};

#[derive(Args)]
#[command(
    after_help = "Examples (ids are those of /api/league/matches and /api/betting/markets):\n  loljoa admin show\n  loljoa admin result 7f6c… 2 1\n  loljoa admin postpone 7f6c… 2022-03-20T08:00:00Z\n  loljoa admin suspects\n  loljoa admin remove 7f6c… --in-favour-of 8a7d…\n  loljoa admin settle 0a1b… 9c8d…\n  loljoa admin resolve 5d3e… 'the account was unblocked'"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show the admin's username and password, and where the running system is
    Show(show::Arguments),
    /// Show what would mend the differences that an audit finds, and have it done
    Reconcile(reconcile::Arguments),
    /// Show what the services log, and change it for a while
    LogLevel(log_level::Arguments),
    /// Show the years that both databases keep, and archive one that is over
    Periods(periods::Arguments),
    #[command(flatten)]
    League(league::Command),
    #[command(flatten)]
    Repair(repair::Command),
    #[command(flatten)]
    Markets(markets::Command),
    #[command(flatten)]
    Incidents(incidents::Command),
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Show(arguments) => show::run(&arguments)?,
        Command::Reconcile(arguments) => return reconcile::run(arguments).await,
        Command::LogLevel(arguments) => return log_level::run(&arguments).await,
        Command::Periods(arguments) => return periods::run(arguments).await,
        Command::League(command) => league::run(command).await?,
        Command::Repair(command) => repair::run(command).await?,
        Command::Markets(command) => markets::run(command).await?,
        Command::Incidents(command) => incidents::run(command).await?,
    }
    Ok(ExitCode::SUCCESS)
}

use std::{ffi::OsString, process::ExitCode};

use clap::{Args, Subcommand};

use super::PgBinOption;

#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a command with a temporary PostgreSQL of its own, which is gone afterwards
    ///
    /// The command finds superuser URLs of separate databases in `DATABASE_URL`, `ACCOUNT_DATABASE_URL`,
    /// `LEAGUE_DATABASE_URL` and `BETTING_DATABASE_URL`. The exit code is the command's.
    #[command(after_help = "Example:\n  loljoa postgres run -- cargo test --workspace")]
    Run {
        #[command(flatten)]
        postgres: PgBinOption,
        /// What to run
        #[arg(required = true, last = true)]
        command: Vec<OsString>,
    },
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Command::Run { postgres, command } = arguments.command;
    let code = loljoa_private_postgres::run(&command, postgres.pg_bin.as_deref()).await?;
    Ok(ExitCode::from(code))
}

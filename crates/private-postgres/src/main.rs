//! `private-postgres -- <command…>`: what `loljoa postgres run` does, without the services.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::Parser;

/// Runs a command with a temporary PostgreSQL of its own.
///
/// The command finds superuser URLs of separate databases in `DATABASE_URL`, `ACCOUNT_DATABASE_URL`,
/// `LEAGUE_DATABASE_URL` and `BETTING_DATABASE_URL`.
#[derive(Parser)]
#[command(version, after_help = "Example:\n  private-postgres -- cargo test --workspace")]
struct Arguments {
    /// The directory of the server binaries, instead of the newest found
    #[arg(long, env = "LOLJOA_PG_BIN", value_name = "DIR")]
    pg_bin: Option<PathBuf>,
    /// What to run
    #[arg(required = true, last = true)]
    command: Vec<OsString>,
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stderr, reason = "a small tool that has only this to say")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match loljoa_private_postgres::run(&arguments.command, arguments.pg_bin.as_deref()).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

use std::{
    io::{self, stdin},
    path::PathBuf,
    process::ExitCode,
    thread,
};

use clap::Args;
use loljoa_service_kit::cli;
use nix::sys::signal::{Signal, raise};

use crate::system::{Service, execute};

#[derive(Args)]
#[command(
    after_help = "Example:\n  LOLJOA__DATABASE__URL=postgres://… loljoa serve account --config account.toml"
)]
pub(super) struct Arguments {
    /// Which service
    service: Service,
    /// A TOML file; the environment (`LOLJOA__SECTION__KEY`) wins over it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Stop when standard input closes, as it does when the process at its other end dies
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

#[derive(Args)]
#[command(after_help = "Example:\n  LOLJOA__DATABASE__URL=postgres://… loljoa migrate betting")]
pub(super) struct MigrateArguments {
    /// Which service
    service: Service,
    /// A TOML file; the environment (`LOLJOA__SECTION__KEY`) wins over it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments) -> ExitCode {
    if arguments.until_stdin_closes {
        thread::spawn(stop_when_stdin_closes);
    }
    execute(arguments.service, cli::Command::Serve { config: arguments.config }).await
}

pub(super) async fn migrate(arguments: MigrateArguments) -> ExitCode {
    execute(arguments.service, cli::Command::Migrate { config: arguments.config }).await
}

/// Nothing is ever written to this input; it only ends.
fn stop_when_stdin_closes() {
    let _ = io::copy(&mut stdin().lock(), &mut io::sink());
    let _ = raise(Signal::SIGTERM);
}

use std::{
    io::{self, stdin},
    process::ExitCode,
    thread,
};

use clap::Args;
use loljoa_service_kit::cli::{self, Files};
use nix::sys::signal::{Signal, raise};

use crate::system::{Service, execute};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  LOLJOA__DATABASE__URL=postgres://… loljoa serve account --config account.toml\n  \
    LOLJOA__DATABASE__URL_FILE=/run/secrets/database-url loljoa serve account --config base.toml --config here.toml"
)]
pub(super) struct Arguments {
    /// Which service
    service: Service,
    #[command(flatten)]
    files: Files,
    /// Stop when standard input closes, as it does when the process at its other end dies
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

#[derive(Args)]
#[command(after_help = "Example:\n  LOLJOA__DATABASE__URL=postgres://… loljoa migrate betting")]
pub(super) struct MigrateArguments {
    /// Which service
    service: Service,
    #[command(flatten)]
    files: Files,
}

pub(super) async fn run(arguments: Arguments) -> ExitCode {
    if arguments.until_stdin_closes {
        thread::spawn(stop_when_stdin_closes);
    }
    execute(arguments.service, cli::Command::Serve(arguments.files)).await
}

pub(super) async fn migrate(arguments: MigrateArguments) -> ExitCode {
    execute(arguments.service, cli::Command::Migrate(arguments.files)).await
}

/// Nothing is ever written to this input; it only ends.
fn stop_when_stdin_closes() {
    let _ = io::copy(&mut stdin().lock(), &mut io::sink());
    let _ = raise(Signal::SIGTERM);
}

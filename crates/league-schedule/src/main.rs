//! The league-schedule service as a process of its own.

use std::process::ExitCode;

use loljoa_league_schedule::{MIGRATOR, SERVICE, serve};
use loljoa_service_kit::cli;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(SERVICE, serve, Some(&MIGRATOR)).await
}

//! Runs the betting service.

use std::process::ExitCode;

use loljoa_betting::{MIGRATOR, SERVICE, serve};
use loljoa_service_kit::cli;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(SERVICE, serve, Some(&MIGRATOR)).await
}

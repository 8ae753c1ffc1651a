//! The account service as a process of its own.

use std::process::ExitCode;

use loljoa_account::{MIGRATOR, SERVICE, serve};
use loljoa_service_kit::cli;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(SERVICE, serve, Some(&MIGRATOR)).await
}

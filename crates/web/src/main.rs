//! The web app's files as a process of its own.

use std::process::ExitCode;

use loljoa_service_kit::cli;
use loljoa_web::{SERVICE, serve};

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(SERVICE, serve, None).await
}

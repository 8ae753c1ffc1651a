//! The gateway as a process of its own.

use std::process::ExitCode;

use loljoa_gateway::{SERVICE, serve};
use loljoa_service_kit::cli;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(SERVICE, serve, None).await
}

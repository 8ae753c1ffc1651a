//! The gateway as a process of its own.

use std::process::ExitCode;

use loljoa_gateway::{Config, SERVICE, serve};
use loljoa_service_kit::cli;

#[tokio::main]
async fn main() -> ExitCode {
    // The gateway has no database: migrating it succeeds at once, so that every service is deployed alike.
    cli::run(SERVICE, serve, |_: Config| async { Ok(()) }).await
}

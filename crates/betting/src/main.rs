//! Runs the betting service.

use std::process::ExitCode;

use loljoa_betting::{Config, SERVICE, migrate, serve};
use loljoa_service_kit::cli;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(SERVICE, serve, |config: Config| async move { migrate(&config).await }).await
}

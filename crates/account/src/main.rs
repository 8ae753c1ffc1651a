//! The account service as a process of its own.

use std::process::ExitCode;

use loljoa_account::{Config, SERVICE};
use loljoa_service_kit::cli;

#[tokio::main]
async fn main() -> ExitCode {
    let migrate = async |config: Config| loljoa_account::migrate(&config).await;
    cli::run(SERVICE, loljoa_account::serve, migrate).await
}

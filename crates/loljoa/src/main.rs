//! The `loljoa` binary.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    loljoa::cli::run().await
}

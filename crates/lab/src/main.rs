//! The `loljoa-lab` binary.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    loljoa_lab::cli::run().await
}

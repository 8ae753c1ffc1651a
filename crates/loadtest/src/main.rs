//! The `loljoa-bench` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    loljoa_loadtest::cli::run()
}

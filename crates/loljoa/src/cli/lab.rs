//! Runs the experiments, which are a program of their own: in no image, and with a load generator in it.

use std::{convert::Infallible, env, ffi::OsString, os::unix::process::CommandExt, process::Command};

use anyhow::{Context, ensure};
use clap::Args;

const PROGRAM: &str = "loljoa-lab";

#[derive(Args)]
#[command(disable_help_flag = true)]
pub(super) struct Arguments {
    /// What the lab is told: `loljoa lab --help` says what there is
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Becomes the lab.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Infallible> {
    let lab = env::current_exe().context("this program's own file is not known")?.with_file_name(PROGRAM);
    ensure!(
        lab.is_file(),
        "there is no {}: experiments are a program of their own (cargo build --release -p loljoa-lab -p loljoa-loadtest)",
        lab.display()
    );
    let error = Command::new(&lab).args(&arguments.arguments).exec();
    Err(error).with_context(|| lab.display().to_string())
}

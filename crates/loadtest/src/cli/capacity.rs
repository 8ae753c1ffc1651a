use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Args;

use crate::{console::say, report::capacity, results::Results};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  loljoa-bench run hot-market markets --cells 1,2 --connections 256 --against ours --json cells.json\n  \
    loljoa-bench capacity cells.json --bets 1000000"
)]
pub(super) struct Arguments {
    /// What `loljoa-bench run markets --json` has written
    results: PathBuf,
    /// Bets a second
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    bets: u64,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let results = Results::read(&arguments.results)?;
    let told = capacity::section(&results, arguments.bets);
    say(told.context("the results have no sound run of `markets` against ours with its cost")?);
    Ok(ExitCode::SUCCESS)
}

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use crate::{
    console::say,
    report::{document, page},
    results::{self, Results},
};

#[derive(Args)]
#[command(after_help = "Examples:\n  loljoa-bench report target/bench/results.json --html report.html\n  \
    loljoa-bench report target/bench/results.json --document docs/performance.md")]
pub(super) struct Arguments {
    /// What `run --json` wrote
    results: PathBuf,
    /// The page [default: beside the results]
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The document, such as docs/performance.md [default: none]
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let found = Results::read(&arguments.results)?;
    let html = arguments.html.clone().unwrap_or_else(|| arguments.results.with_extension("html"));
    results::write(&html, &page(&found)?)?;
    say(html.display());
    if let Some(file) = &arguments.document {
        results::write(file, &document(&found))?;
        say(file.display());
    }
    Ok(ExitCode::SUCCESS)
}

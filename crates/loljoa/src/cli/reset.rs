use std::process::ExitCode;

use clap::Args;
use loljoa_private_postgres::Cluster;

use super::DataDirOption;
use crate::console;

#[derive(Args)]
#[command(after_help = "Example:\n  loljoa reset --yes")]
pub(super) struct Arguments {
    #[command(flatten)]
    data_dir: DataDirOption,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let path = arguments.data_dir.path()?;
    if !path.exists() {
        console::say(format_args!("There is nothing to forget in {}.", path.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let data = arguments.data_dir.open()?;
    let lock = data.lock()?;
    let question = format!("Forget every account, bet and point in {}?", data.path().display());
    if !arguments.yes && !console::confirm(&question)? {
        console::say("Nothing was changed.");
        return Ok(ExitCode::FAILURE);
    }
    Cluster::stop_orphan(&data.cluster()).await?;
    data.remove(lock)?;
    console::say(format_args!("Forgotten: {}", path.display()));
    Ok(ExitCode::SUCCESS)
}

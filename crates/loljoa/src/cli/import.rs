use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Args;
use loljoa_proto::league_schedule::v1::{
    ImportAction, ImportLine, ImportSeasonRequest, ImportSeasonResponse, SeasonFormat,
    league_admin_service_client::LeagueAdminServiceClient,
};

use super::connect::{Target, answer};
use crate::{console, system::Service};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  loljoa import lck-2022-summer.json --dry-run\n  loljoa import results.csv"
)]
pub(super) struct Arguments {
    /// A season in JSON or CSV, told apart by the file's ending
    file: PathBuf,
    /// Check and report, but change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    target: Target,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let content = fs::read(&arguments.file).with_context(|| arguments.file.display().to_string())?;
    let csv = arguments.file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    let format = if csv { SeasonFormat::Csv } else { SeasonFormat::Json };
    let request = ImportSeasonRequest { format: format.into(), content, dry_run: arguments.dry_run };
    let import = async |channel| {
        let mut client = LeagueAdminServiceClient::new(channel);
        console::step("importing", async { answer(client.import_season(request).await) }).await
    };
    let report = arguments.target.as_admin(Service::LeagueSchedule, import).await?;
    for line in &report.lines {
        console::say(describe(line));
    }
    console::say(summary(&report, arguments.dry_run));
    Ok(if report.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn describe(line: &ImportLine) -> String {
    let action = match line.action() {
        ImportAction::Added => "added",
        ImportAction::Changed => "changed",
        ImportAction::Unchanged => "unchanged",
        ImportAction::Refused => "refused",
        ImportAction::Unspecified => "?",
    };
    let place = if line.line == 0 { "file".to_owned() } else { format!("line {}", line.line) };
    let parts = [format!("{place}: {action}"), line.subject.clone(), line.message.clone()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn summary(report: &ImportSeasonResponse, dry_run: bool) -> String {
    let ImportSeasonResponse { added, changed, unchanged, refused, .. } = report;
    let counts = format!("{added} added, {changed} changed, {unchanged} unchanged, {refused} refused");
    match (report.applied, dry_run) {
        (true, _) => format!("{counts}."),
        (false, true) => format!("{counts}. Nothing was changed: this was a dry run."),
        (false, false) => format!("{counts}. Nothing was changed: one refused line refuses the whole file."),
    }
}

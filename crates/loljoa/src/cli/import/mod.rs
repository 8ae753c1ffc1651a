pub(super) mod preview;
mod tables;

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, ensure};
use clap::Args;
use loljoa_league_schedule::domain::season::LARGEST;
use loljoa_proto::league_schedule::v1::{
    ImportAction, ImportLine, ImportSeasonRequest, ImportSeasonResponse, SeasonFormat,
    league_admin_service_client::LeagueAdminServiceClient,
};
use url::Url;

use super::{
    bettors::Accounts,
    connect::{Target, answer},
};
use crate::{console, system::Service};

#[derive(Args)]
#[command(
    after_help = "A dry run tells line by line what is new or changes, the tables and brackets that would come out, \
    and what would become of markets and the stakes on them.\n\n\
    Examples:\n  loljoa import lck-2022-summer.json --dry-run\n  loljoa import results.csv\n  \
    loljoa import results.csv --dry-run --grpc http://10.0.0.7:50051 --betting-grpc http://10.0.0.8:50051"
)]
pub(super) struct Arguments {
    /// A season in JSON or CSV, told apart by the file's ending
    file: PathBuf,
    /// Check and report, but change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    target: Target,
    /// With --grpc and --dry-run: betting's gRPC address, to tell what becomes of markets
    #[arg(long, value_name = "URL", requires_all = ["grpc", "dry_run"])]
    betting_grpc: Option<Url>,
    #[command(flatten)]
    accounts: Accounts,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let content = fs::read(&arguments.file).with_context(|| arguments.file.display().to_string())?;
    let (file, size) = (arguments.file.display(), content.len());
    ensure!(size <= LARGEST, "{file}: {size} bytes, and a season may have {LARGEST} (1 MiB)");
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
    if report.lines_left_out > 0 {
        console::say(format_args!("{} more lines are not told.", report.lines_left_out));
    }
    tables::tell(&report);
    let Arguments { target, betting_grpc, accounts, dry_run, .. } = arguments;
    if !report.changed_matches.is_empty() || !report.changed_questions.is_empty() {
        preview::tell(&report, &target, betting_grpc, &accounts).await?;
    }
    console::say(summary(&report, dry_run));
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
    let warning = if line.warning.is_empty() { String::new() } else { format!("odd: {}", line.warning) };
    let parts = [format!("{place}: {action}"), line.subject.clone(), line.message.clone(), warning];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn summary(report: &ImportSeasonResponse, dry_run: bool) -> String {
    let ImportSeasonResponse { added, changed, unchanged, refused, .. } = report;
    let odd = if report.warned > 0 { format!(", {} odd", report.warned) } else { String::new() };
    let counts = format!("{added} added, {changed} changed, {unchanged} unchanged, {refused} refused{odd}");
    match (report.applied, dry_run) {
        (true, _) => format!("{counts}."),
        (false, true) => format!("{counts}. Nothing was changed: this was a dry run."),
        (false, false) => format!("{counts}. Nothing was changed: one refused line refuses the whole file."),
    }
}

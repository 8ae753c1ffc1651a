use std::process::ExitCode;

use clap::Args;

use super::books::{BooksOption, OpenBooks};
use crate::{
    audit::{self, Report},
    console::{say, table},
};

#[derive(Args)]
#[command(
    after_help = "Exits 0 when every point is accounted for, 1 when not. What to do then: loljoa admin reconcile.\n\nExamples:\n  loljoa audit\n  loljoa audit --json --no-progress\n  loljoa audit --account-database postgres://… --betting-database postgres://…\n  loljoa audit --grace 0          nothing is under way, so nothing may differ"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    books: BooksOption,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let open = arguments.books.open().await?;
    let report = audit(&arguments.books, &open).await;
    open.close().await;
    let report = report?;
    say(if arguments.json { serde_json::to_string_pretty(&report)? } else { describe(&report) });
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Audits books that are open.
pub(super) async fn audit(option: &BooksOption, open: &OpenBooks) -> anyhow::Result<Report> {
    let progress = option.progress("auditing");
    Ok(audit::run(&open.books, option.options(open), &progress).await?)
}

/// The report for people.
pub(super) fn describe(report: &Report) -> String {
    let Report { accounts, transfers, stakes, bets, markets, differences, omitted } = report;
    let looked = format!(
        "{accounts} accounts, {transfers} transfers, {stakes} stakes, {bets} bets, {markets} markets"
    );
    if report.is_clean() {
        return format!("Every point is accounted for: difference 0 ({looked}).");
    }
    let header = ["books", "check", "subject", "expected", "found"].map(str::to_owned).to_vec();
    let rows = differences.iter().map(|difference| {
        let [check, subject, expected, found] =
            [&difference.check, &difference.subject, &difference.expected, &difference.found]
                .map(Clone::clone);
        vec![difference.books.to_owned(), check, subject, expected, found]
    });
    let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
    let more = if *omitted == 0 { String::new() } else { format!(" and {omitted} more") };
    format!("{}\n{} differences{more} ({looked}).", table(&rows), differences.len())
}

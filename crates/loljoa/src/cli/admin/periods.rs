use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    audit::Books,
    cli::{
        audit::{audit, describe},
        books::{BooksOption, OpenBooks},
    },
    console::{say, table},
    periods,
};

const HEADER: [&str; 7] = ["year", "books", "since", "until", "rows", "size", "state"];
const MIB: i64 = 1 << 20;

#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Each service keeps its rows by year. A year begins by itself; archiving one that is over is up to you.\n\nExamples:\n  loljoa admin periods\n  loljoa admin periods --json\n  loljoa admin periods archive 2026          what stands in the way\n  loljoa admin periods archive 2026 --yes"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    books: BooksOption,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Take a year that is over out of both databases' books; its sums stay
    Archive(Archive),
}

#[derive(Args)]
#[command(
    after_help = "Audits everything first, and exits 1 unless it is clean and nothing stands in the way. Without --yes that is all,\nexcept that the year is counted already, which changes nothing. With it, bets go first, then transfers. Interrupted\nat any point, run it again. The rows stay in the schema `archive` of each database, to be dumped and dropped.\n\nExamples:\n  loljoa admin periods archive 2026\n  loljoa admin periods archive 2026 --yes --no-progress"
)]
struct Archive {
    #[command(flatten)]
    books: BooksOption,
    /// The year in which the period began
    year: i32,
    /// Archive it, if nothing stands in the way
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Some(Command::Archive(arguments)) => {
            let open = arguments.books.open().await?;
            let code = archive(&arguments, &open).await;
            open.close().await;
            code
        }
        None => {
            let open = arguments.books.open().await?;
            let listed = list(&open.books).await;
            open.close().await;
            let rows = listed?;
            say(if arguments.json { serde_json::to_string_pretty(&rows)? } else { in_a_table(&rows) });
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// A period of either service.
#[derive(Serialize)]
struct Row {
    year: i32,
    books: &'static str,
    began_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    archived_at: Option<DateTime<Utc>>,
    /// Whether obstacles that show only by counting are known; betting's need none.
    is_counted: bool,
    rows: i64,
    bytes: i64,
    obstacles: Vec<String>,
}

/// The row of a period. The two services' periods say the same and are no one type.
macro_rules! row {
    ($books:literal, $it:ident, $is_counted:expr, $obstacles:ident) => {
        Row {
            year: $it.period,
            books: $books,
            began_at: $it.began_at,
            ended_at: $it.ended_at,
            archived_at: $it.archived_at,
            is_counted: $is_counted,
            rows: $it.rows,
            bytes: $it.bytes,
            obstacles: $obstacles,
        }
    };
}

async fn list(books: &Books) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for it in loljoa_betting::periods::list(&books.betting).await? {
        let obstacles = loljoa_betting::periods::obstacles(&books.betting, it.period).await?;
        rows.push(row!("betting", it, true, obstacles));
    }
    for it in loljoa_account::periods::list(&books.account).await? {
        let obstacles = loljoa_account::periods::obstacles(&books.account, it.period, &[]).await?;
        rows.push(row!("ledger", it, it.is_counted, obstacles));
    }
    rows.sort_by_key(|row| (row.year, row.books));
    Ok(rows)
}

fn in_a_table(rows: &[Row]) -> String {
    let header = HEADER.map(str::to_owned).to_vec();
    table(&std::iter::once(header).chain(rows.iter().map(Row::cells)).collect::<Vec<_>>())
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let Self { year, books, rows, bytes, .. } = self;
        let until = self.ended_at.map_or_else(String::new, day);
        let size = format!("{} MiB", (bytes + MIB - 1) / MIB);
        vec![
            year.to_string(),
            (*books).into(),
            day(self.began_at),
            until,
            rows.to_string(),
            size,
            self.state(),
        ]
    }

    fn state(&self) -> String {
        match (self.archived_at, self.ended_at) {
            (Some(at), _) => format!("archived {}", day(at)),
            (None, None) => "current".to_owned(),
            (None, Some(_)) if self.obstacles.is_empty() && !self.is_counted => {
                "over, not counted yet".to_owned()
            }
            (None, Some(_)) if self.obstacles.is_empty() => "can be archived".to_owned(),
            (None, Some(_)) => self.obstacles.join("; "),
        }
    }
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

async fn archive(arguments: &Archive, open: &OpenBooks) -> anyhow::Result<ExitCode> {
    let (books, year) = (&open.books, arguments.year);
    let report = audit(&arguments.books, open).await?;
    say(describe(&report));
    if !report.is_clean() {
        say("Nothing is archived while anything differs.");
        return Ok(ExitCode::FAILURE);
    }
    let progress = arguments.books.progress("archiving");
    periods::count(books, year, &progress).await?;
    let obstacles = periods::obstacles(books, year).await?;
    if !obstacles.is_empty() {
        say(format_args!("{year} cannot be archived yet:\n{}", obstacles.join("\n")));
        return Ok(ExitCode::FAILURE);
    }
    if !arguments.yes {
        let waiting = periods::waiting(books, year).await?;
        drop(progress);
        say(format_args!("{year} can be archived: say --yes."));
        waiting.iter().for_each(say);
        return Ok(ExitCode::SUCCESS);
    }
    let waiting = periods::archive(books, year, &progress).await?;
    drop(progress);
    waiting.iter().for_each(say);
    if !waiting.is_empty() {
        say(format_args!("{year}'s bets are archived; archiving the next year takes along what waits."));
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!(
        "{year} is archived. Its rows are in the schema `archive` of each database, to be dumped and dropped."
    ));
    Ok(ExitCode::SUCCESS)
}

//! Whether every point is accounted for: balances, pools and bets rebuilt over both databases.
//!
//! Everything is read piece by piece, each piece in a short snapshot of its own, so that neither memory nor a snapshot
//! grows with the number of bets. What came after the audit began may be left to the next one; nothing else is.

mod accounts;
mod archived;
mod bets;
mod clearing;
mod findings;
mod known;
mod pace;
mod pools;
mod suspects;

use std::time::Duration;

use serde::Serialize;
use sqlx::PgPool;

use crate::progress::Progress;
use findings::Findings;
pub(crate) use known::known;
use pace::Pace;
use suspects::Suspects;

/// The two databases that are compared, or those of all cells.
#[derive(Clone, Debug)]
pub struct Books {
    /// account's.
    pub account: PgPool,
    /// betting's.
    pub betting: PgPool,
    /// Those of account's other cells.
    pub further_account: Vec<PgPool>,
    /// Those of betting's other cells.
    pub further_betting: Vec<PgPool>,
}

impl Books {
    /// Those of services of one cell each.
    #[must_use]
    pub const fn single(account: PgPool, betting: PgPool) -> Self {
        Self { account, betting, further_account: Vec::new(), further_betting: Vec::new() }
    }

    /// Those of all of account's cells.
    pub fn accounts(&self) -> impl Iterator<Item = &PgPool> {
        std::iter::once(&self.account).chain(&self.further_account)
    }

    /// Those of all of betting's cells.
    pub fn bettings(&self) -> impl Iterator<Item = &PgPool> {
        std::iter::once(&self.betting).chain(&self.further_betting)
    }
}

/// How an audit looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How long bets and ledger may differ, because the two databases share no snapshot and a stake comes before its bet.
    /// What differs is looked at again until then. Zero is for a system at rest.
    pub grace: Duration,
    /// How much is read at once, instead of as much as a short snapshot allows.
    pub page: Option<i64>,
}

/// Two things that should be equal and are not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Whose books: `account`, `betting`, or `both` where they disagree with each other.
    pub books: &'static str,
    /// What was compared, such as `balance` or `stake`.
    pub check: String,
    /// The account, market, outcome or bet.
    pub subject: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

/// What an audit found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Accounts that were rebuilt.
    pub accounts: i64,
    /// Transfers that they were rebuilt from.
    pub transfers: i64,
    /// Stakes among them, each of a bet.
    pub stakes: i64,
    /// Bets that were compared with the ledger.
    pub bets: i64,
    /// Markets whose pools were rebuilt.
    pub markets: i64,
    /// What is not what it should be, as far as it is listed.
    pub differences: Vec<Difference>,
    /// How many more differences there are.
    pub omitted: u64,
}

impl Report {
    /// Whether every point is accounted for.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.differences.is_empty() && self.omitted == 0
    }
}

/// An audit under way.
struct Audit<'a> {
    books: &'a Books,
    options: Options,
    progress: &'a Progress,
    report: Report,
    findings: Findings,
    suspects: Suspects,
}

/// Audits all databases, whether the system runs or not.
///
/// # Errors
///
/// When a database does not answer.
pub async fn run(books: &Books, options: Options, progress: &Progress) -> sqlx::Result<Report> {
    let mut audit = Audit {
        books,
        options,
        progress,
        report: Report::default(),
        findings: Findings::default(),
        suspects: Suspects::default(),
    };
    audit.accounts().await?;
    audit.pools().await?;
    audit.bets().await?;
    audit.transfers().await?;
    audit.results().await?;
    audit.archived().await?;
    audit.clearing().await?;
    audit.look_again().await?;
    let Findings { differences, omitted } = audit.findings;
    Ok(Report { differences, omitted, ..audit.report })
}

impl Audit<'_> {
    fn pace(&self, most: i64) -> Pace {
        self.options.page.map_or_else(|| Pace::up_to(most), Pace::fixed)
    }
}

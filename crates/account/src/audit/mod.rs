//! Whether every stored balance is what the transfers make it.
//!
//! The full audit looks piece by piece, each in a short snapshot of its own: accounts range by range ([`accounts`]), and
//! system accounts by folding the feed of transfers ([`Fold`]). So it takes memory in proportion to the markets, never to
//! the transfers, and holds no snapshot for long.

mod bets;
mod fold;
mod gauges;
mod reconciler;
mod status;

use loljoa_service_kit::{AccountId, MarketId, Points};
use sqlx::PgPool;
use uuid::Uuid;

pub use crate::domain::audit::{BetResult, BetTransfer, BetTransferKind, Check, Difference};
use crate::{
    domain::audit::Rebuilt,
    store::{audit_full, audit_pools, clearings},
};
pub use bets::{bet_results, bet_results_after, bet_transfers, refused_stakes};
pub use fold::{Fold, SystemAccounts};
pub(crate) use reconciler::Reconciler;
pub(crate) use status::{Status, status};

/// How much [`full`] looks at in one snapshot.
const RANGE: i64 = 1_000;
const PAGE: i64 = 10_000;

/// What a full audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many accounts were rebuilt.
    pub accounts: i64,
    /// From how many transfers.
    pub transfers: i64,
    /// And from how many results of settled bets.
    pub results: i64,
    /// The sum of all balances, system accounts included; zero, if all is well.
    pub sum: Points,
    /// Everything that is not what it should be.
    pub differences: Vec<Difference>,
}

impl Report {
    /// Whether there is nothing to complain of.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.sum == Points::ZERO && self.differences.is_empty()
    }
}

/// A range of accounts that were rebuilt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The last account of the range; none when there are no more.
    pub last: Option<AccountId>,
    /// How many accounts are in it.
    pub accounts: i64,
    /// How many results they were rebuilt from.
    pub results: i64,
    /// What is not what it should be.
    pub differences: Vec<Difference>,
}

/// Rebuilds balance, staked points and profit of the next accounts behind `after`, about `limit` of them, and compares
/// them with what is stored, in one state of the database.
///
/// # Errors
///
/// When the database does not answer.
pub async fn accounts(pool: &PgPool, after: Option<AccountId>, limit: i64) -> sqlx::Result<Range> {
    let from = after.map_or(Uuid::nil(), |account| account.0);
    let mut snapshot = audit_full::snapshot(pool).await?;
    let last = audit_full::nth_account(&mut snapshot, from, limit).await?;
    let through = last.map_or(Uuid::max(), |account| account.0);
    let rebuilt = audit_full::rebuilt(&mut snapshot, from, through).await?;
    snapshot.commit().await?;
    Ok(Range {
        last,
        accounts: i64::try_from(rebuilt.len()).unwrap_or(i64::MAX),
        results: rebuilt.iter().map(|account| account.results).sum(),
        differences: rebuilt.iter().flat_map(Rebuilt::differences).collect(),
    })
}

/// The next `limit` markets for which the ledger holds points, or has paid too many, in the order of their ids.
///
/// # Errors
///
/// When the database does not answer.
pub async fn holding(
    pool: &PgPool,
    after: Option<MarketId>,
    limit: i64,
) -> sqlx::Result<Vec<(MarketId, Points)>> {
    audit_pools::holding(pool, after.unwrap_or(MarketId(Uuid::nil())), limit).await
}

/// What the clearing account holds: over all cells nothing, once every market is cleared.
///
/// # Errors
///
/// When the database does not answer.
pub async fn clearing(pool: &PgPool) -> sqlx::Result<Points> {
    clearings::balance(pool).await
}

/// Rebuilds every balance, staked points and profit from the first transfer on and compares them with what is stored.
///
/// May run while the service does. Takes time in proportion to all transfers.
///
/// # Errors
///
/// When the database does not answer.
pub async fn full(pool: &PgPool) -> sqlx::Result<Report> {
    let (mut report, mut after) = (Report::default(), None);
    loop {
        let range = accounts(pool, after, RANGE).await?;
        report.accounts += range.accounts;
        report.results += range.results;
        report.differences.extend(range.differences);
        after = range.last;
        if after.is_none() {
            break;
        }
    }
    let mut fold = Fold::default();
    while fold.next(pool, PAGE).await?.more {}
    let system = fold.close(pool).await?;
    report.transfers = system.transfers;
    report.sum = system.sum;
    report.differences.extend(system.differences);
    report.differences.sort_by_key(|difference| (difference.check, difference.id));
    Ok(report)
}

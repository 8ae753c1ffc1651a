//! Whether every stored balance is what the transfers make it.

mod bets;
mod gauges;
mod reconciler;

use loljoa_service_kit::{Points, postgres};
use sqlx::PgPool;
use uuid::Uuid;

use crate::store::audit_full;
pub use bets::{BetTransfer, BetTransferKind, bet_transfers};
pub(crate) use reconciler::Reconciler;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The balance of an account, or of a system account (the house, a market's pool).
    Balance,
    /// The points that an account holds in undecided bets.
    Staked,
    /// An account's profit over settled markets.
    Profit,
    /// A stake that was applied although its refund came first; its points should be nothing.
    RefusedStake,
}

/// Something that is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The account, the system account, or the transfer.
    pub id: Uuid,
    /// What was compared.
    pub check: Check,
    /// What transfers and results make it.
    pub expected: Points,
    /// What is stored.
    pub found: Points,
}

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

/// Rebuilds every balance, staked points and profit from the first transfer on and compares them with what is stored.
///
/// Looks at one state of the database, so it may run while the service does. Takes time in proportion to all transfers.
///
/// # Errors
///
/// When the database does not answer.
pub async fn full(pool: &PgPool) -> sqlx::Result<Report> {
    let mut transaction =
        postgres::begin_with(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    audit_full::lift_timeout(&mut transaction).await?;
    let counts = audit_full::counts(&mut transaction).await?;
    let mut differences = audit_full::balances(&mut transaction).await?;
    differences.extend(audit_full::staked_and_profit(&mut transaction).await?);
    differences.extend(audit_full::refused_stakes(&mut transaction).await?);
    let sum = audit_full::sum(&mut transaction).await?;
    transaction.commit().await?;
    let audit_full::Counts { accounts, transfers, results } = counts;
    Ok(Report { accounts, transfers, results, sum, differences })
}

//! The other half of an audit of bets: what the ledger has moved for each of them.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{AccountId, BetId, MarketId, Points, postgres};
use sqlx::PgPool;

use crate::store::{audit_bets, audit_full};

/// Why points moved for a bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "transfer_kind", rename_all = "snake_case")]
pub enum BetTransferKind {
    /// The bet was placed.
    Stake,
    /// The bet won.
    Payout,
    /// The bettor cancelled.
    Cancel,
    /// The market was voided.
    Void,
    /// The stake never became a bet.
    Tombstone,
    /// A result was corrected after the payout.
    Correction,
}

/// Points that moved for a bet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BetTransfer {
    /// Why.
    pub kind: BetTransferKind,
    /// For which bet.
    pub bet_id: BetId,
    /// Whose bet.
    pub account_id: AccountId,
    /// Of which market's pool.
    pub market_id: MarketId,
    /// How many.
    pub points: Points,
    /// When they moved.
    pub created_at: DateTime<Utc>,
}

/// Every transfer that was made for a bet, in one state of the database.
///
/// # Errors
///
/// When the database does not answer.
pub async fn bet_transfers(pool: &PgPool) -> sqlx::Result<Vec<BetTransfer>> {
    let mut transaction = postgres::begin(pool).await?;
    audit_full::lift_timeout(&mut transaction).await?;
    let transfers = audit_bets::all(&mut transaction).await?;
    transaction.commit().await?;
    Ok(transfers)
}

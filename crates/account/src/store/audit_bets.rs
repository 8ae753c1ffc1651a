//! What the ledger knows of bets.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{AccountId, BetId, MarketId, Points, TransferId};
use sqlx::PgExecutor;

use crate::domain::{
    audit::{BetResult, BetTransfer, BetTransferKind},
    transfer::Kind,
};

struct Row {
    transfer_id: TransferId,
    kind: Kind,
    bet_id: Option<BetId>,
    account_id: AccountId,
    market_id: Option<MarketId>,
    points: Points,
    fingerprint: Vec<u8>,
    created_at: DateTime<Utc>,
}

impl Row {
    fn for_a_bet(self) -> Option<BetTransfer> {
        Some(BetTransfer {
            transfer_id: self.transfer_id,
            kind: BetTransferKind::of(self.kind)?,
            bet_id: self.bet_id?,
            account_id: self.account_id,
            market_id: self.market_id?,
            points: self.points,
            fingerprint: self.fingerprint,
            created_at: self.created_at,
        })
    }
}

/// Those of these transfers that were made for bets. A look-up for each, whatever the plan was made for.
pub(crate) async fn transfers(db: impl PgExecutor<'_>, ids: &[TransferId]) -> sqlx::Result<Vec<BetTransfer>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT t.transfer_id AS "transfer_id: TransferId", t.kind AS "kind: Kind", t.bet_id AS "bet_id: BetId",
            t.account_id AS "account_id: AccountId", t.market_id AS "market_id: MarketId", t.points AS "points: Points",
            t.fingerprint, t.created_at
        FROM unnest($1::uuid[]) AS i (id)
        CROSS JOIN LATERAL (SELECT * FROM transfers WHERE transfer_id = i.id LIMIT 1) t"#,
        ids as &[TransferId],
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().filter_map(Row::for_a_bet).collect())
}

/// The results of these bets.
pub(crate) async fn results(db: impl PgExecutor<'_>, bets: &[BetId]) -> sqlx::Result<Vec<BetResult>> {
    sqlx::query_as!(
        BetResult,
        r#"SELECT r.bet_id AS "bet_id: BetId", r.account_id AS "account_id: AccountId",
            r.market_id AS "market_id: MarketId", r.staked AS "staked: Points", r.paid AS "paid: Points"
        FROM unnest($1::uuid[]) AS i (id)
        CROSS JOIN LATERAL (SELECT * FROM bet_results WHERE bet_id = i.id LIMIT 1) r"#,
        bets as &[BetId],
    )
    .fetch_all(db)
    .await
}

/// The next results behind a bet, by its id.
pub(crate) async fn results_after(
    db: impl PgExecutor<'_>,
    after: BetId,
    limit: i64,
) -> sqlx::Result<Vec<BetResult>> {
    sqlx::query_as!(
        BetResult,
        r#"SELECT bet_id AS "bet_id: BetId", account_id AS "account_id: AccountId",
            market_id AS "market_id: MarketId", staked AS "staked: Points", paid AS "paid: Points"
        FROM bet_results WHERE bet_id > $1 ORDER BY bet_id LIMIT $2"#,
        after as BetId,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Those of these stakes that are refused for good.
pub(crate) async fn refused(db: impl PgExecutor<'_>, stakes: &[TransferId]) -> sqlx::Result<Vec<TransferId>> {
    sqlx::query_scalar!(
        r#"SELECT transfer_id AS "id: TransferId" FROM refused_stakes WHERE transfer_id = ANY ($1)"#,
        stakes as &[TransferId],
    )
    .fetch_all(db)
    .await
}

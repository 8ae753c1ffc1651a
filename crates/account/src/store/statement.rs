//! An account's transfers, newest first.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{AccountId, BetId, MarketId, Points, TransferId};
use sqlx::PgExecutor;

use crate::domain::transfer::Kind;

/// A line of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) seq: i64,
    pub(crate) transfer: TransferId,
    pub(crate) kind: Kind,
    pub(crate) market: Option<MarketId>,
    pub(crate) bet: Option<BetId>,
    pub(crate) points: Points,
    pub(crate) closes: Option<TransferId>,
    pub(crate) created_at: DateTime<Utc>,
}

/// The account's transfers before number `before`, newest first.
pub(crate) async fn page(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<Line>> {
    sqlx::query_as!(
        Line,
        r#"SELECT seq, transfer_id AS "transfer: TransferId", kind AS "kind: Kind",
            market_id AS "market: MarketId", bet_id AS "bet: BetId", points AS "points: Points",
            closes_transfer_id AS "closes: TransferId", created_at
        FROM transfers
        WHERE account_id = $1 AND seq < $2
        ORDER BY seq DESC
        LIMIT $3"#,
        account.0,
        before.unwrap_or(i64::MAX),
        limit,
    )
    .fetch_all(executor)
    .await
}

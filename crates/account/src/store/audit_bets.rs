//! What the ledger has moved for bets.

use loljoa_service_kit::{AccountId, BetId, MarketId, Points};
use sqlx::PgConnection;

use crate::audit::{BetTransfer, BetTransferKind};

/// Every transfer that was made for a bet.
pub(crate) async fn all(connection: &mut PgConnection) -> sqlx::Result<Vec<BetTransfer>> {
    sqlx::query_as!(
        BetTransfer,
        r#"SELECT kind AS "kind: BetTransferKind", bet_id AS "bet_id!: BetId", account_id AS "account_id: AccountId",
            market_id AS "market_id!: MarketId", points AS "points: Points", created_at
        FROM transfers WHERE bet_id IS NOT NULL"#
    )
    .fetch_all(connection)
    .await
}

//! Whether transfers are as somebody else believes.

use loljoa_service_kit::{AccountId, BetId, MarketId, Points, TransferId};
use sqlx::PgExecutor;

use super::columns::Columns;
use crate::domain::transfer::{Kind, Transfer};

/// A transfer that the ledger does not have as it was described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The place among those described, from 0.
    pub(crate) index: i32,
    /// What the ledger has under the id.
    pub(crate) found: Option<Transfer>,
}

/// Which of `described` the ledger does not have, or has otherwise, in their order.
pub(crate) async fn differences(
    executor: impl PgExecutor<'_>,
    described: &[Transfer],
) -> sqlx::Result<Vec<Difference>> {
    let columns = Columns::of(described);
    let rows = sqlx::query!(
        r#"SELECT index AS "index!", present AS "present!", transfer_id AS "id!: TransferId", kind AS "kind: Kind",
            account_id AS "account: AccountId", market_id AS "market: MarketId", bet_id AS "bet: BetId",
            points AS "points: Points", fingerprint, closes_transfer_id AS "closes: TransferId"
        FROM check_transfers($1, $2, $3, $4, $5, $6, $7, $8)"#,
        &columns.ids as &[TransferId],
        &columns.kinds as &[Kind],
        &columns.accounts as &[AccountId],
        &columns.markets as &[Option<MarketId>],
        &columns.bets as &[Option<BetId>],
        &columns.points as &[Points],
        &columns.fingerprints as &[&[u8]],
        &columns.closes as &[Option<TransferId>],
    )
    .fetch_all(executor)
    .await?;
    let differences = rows.into_iter().map(|row| {
        let found = row.kind.zip(row.account).zip(row.points).zip(row.fingerprint);
        let found = found.map(|(((kind, account), points), fingerprint)| Transfer {
            id: row.id,
            kind,
            account,
            market: row.market,
            bet: row.bet,
            points,
            fingerprint,
            closes: row.closes,
        });
        Difference { index: row.index, found: found.filter(|_| row.present) }
    });
    Ok(differences.collect())
}

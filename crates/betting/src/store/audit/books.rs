//! Pools, bettors, leaders and positions, against what the audit has counted itself. All functions of one comparison run in
//! one REPEATABLE READ transaction, so that they see one state.

use loljoa_service_kit::{AccountId, MarketId, OutcomeId};
use sqlx::{PgConnection, PgExecutor};

use crate::domain::audit::Difference;

/// A position: an account on an outcome.
pub(crate) type PositionKey = (OutcomeId, AccountId);

/// Markets whose bets have changed since they were last found equal, after a market.
pub(crate) async fn changed(
    db: impl PgExecutor<'_>,
    after: MarketId,
    limit: i64,
) -> Result<Vec<MarketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT market_id AS "id: MarketId" FROM audit_markets WHERE dirty AND market_id > $1
        ORDER BY market_id LIMIT $2"#,
        after as MarketId,
        limit,
    )
    .fetch_all(db)
    .await
}

/// What was counted of a market.
#[derive(Clone, Debug)]
pub(crate) struct Folded {
    /// How many bets.
    pub(crate) counted: i64,
    /// The positions that they touched.
    pub(crate) positions: Vec<PositionKey>,
}

/// Counts the next bets of a market, at most `chunk`.
pub(crate) async fn fold(db: &mut PgConnection, market: MarketId, chunk: i64) -> Result<Folded, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT counted AS "counted!", outcome_ids AS "outcomes!: Vec<OutcomeId>",
            account_ids AS "accounts!: Vec<AccountId>"
        FROM audit_fold($1, $2)"#,
        market as MarketId,
        chunk,
    )
    .fetch_one(db)
    .await?;
    let positions = row.outcomes.into_iter().zip(row.accounts).collect();
    Ok(Folded { counted: row.counted, positions })
}

/// Compares a market whose bets have all been counted, and these positions of it.
pub(crate) async fn compare(
    db: &mut PgConnection,
    market: MarketId,
    positions: &[PositionKey],
) -> Result<Vec<Difference>, sqlx::Error> {
    let (outcomes, accounts): (Vec<_>, Vec<_>) = positions.iter().copied().unzip();
    sqlx::query_as!(
        Difference,
        r#"SELECT check_name AS "check!", subject AS "subject!", expected AS "expected!", found AS "found!"
        FROM audit_compare($1, $2, $3)"#,
        market as MarketId,
        &outcomes as &[OutcomeId],
        &accounts as &[AccountId],
    )
    .fetch_all(db)
    .await
}

/// Notes whether a market was found equal.
pub(crate) async fn mark(db: &mut PgConnection, market: MarketId, equal: bool) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE audit_markets SET dirty = NOT $2 WHERE market_id = $1 AND dirty = $2",
        market as MarketId,
        equal,
    )
    .execute(db)
    .await?;
    Ok(())
}

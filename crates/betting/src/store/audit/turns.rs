//! What has not changed is looked at in turn, a little at a time, from where the last look ended.

use loljoa_service_kit::{AccountId, BetId, MarketId, OutcomeId};
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use super::{books::PositionKey, changes::select_audited};
use crate::domain::finding::AuditedBet;

/// Something that is looked at in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Turn {
    /// Bets, whatever became of them.
    Bets,
    /// Markets that are not final.
    LiveMarkets,
    /// All markets.
    Markets,
    /// Positions.
    Positions,
}

impl Turn {
    const fn name(self) -> &'static str {
        match self {
            Self::Bets => "turn_bets",
            Self::LiveMarkets => "turn_live_markets",
            Self::Markets => "turn_markets",
            Self::Positions => "turn_positions",
        }
    }
}

/// Where a turn stands.
async fn place(db: impl PgExecutor<'_>, turn: Turn) -> Result<(Uuid, Uuid), sqlx::Error> {
    let row = sqlx::query!("SELECT id, other_id FROM audit_cursors WHERE name = $1", turn.name())
        .fetch_optional(db)
        .await?;
    Ok(row.map_or((Uuid::nil(), Uuid::nil()), |row| (row.id, row.other_id)))
}

/// Notes where a turn goes on: behind the last one looked at, or from the beginning.
pub(crate) async fn go_on(
    db: impl PgExecutor<'_>,
    turn: Turn,
    last: Option<(Uuid, Uuid)>,
) -> Result<(), sqlx::Error> {
    let (id, other) = last.unwrap_or_default();
    sqlx::query!(
        "INSERT INTO audit_cursors (name, id, other_id) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET id = excluded.id, other_id = excluded.other_id",
        turn.name(),
        id,
        other,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The bets whose turn it is.
pub(crate) async fn bets(pool: &PgPool, limit: i64) -> Result<Vec<AuditedBet>, sqlx::Error> {
    let (after, _) = place(pool, Turn::Bets).await?;
    select_audited!("WHERE bet_id > $1 ORDER BY bet_id LIMIT $2", BetId(after) as BetId, limit)
        .fetch_all(pool)
        .await
}

/// The markets whose turn it is: a number of those that are live, and a number of all.
pub(crate) async fn markets(pool: &PgPool, turn: Turn, limit: i64) -> Result<Vec<MarketId>, sqlx::Error> {
    let (after, _) = place(pool, turn).await?;
    sqlx::query_scalar!(
        r#"SELECT market_id AS "id!: MarketId" FROM (
            (SELECT market_id FROM markets WHERE $3 AND market_id > $1 AND state NOT IN ('settled', 'void')
             ORDER BY market_id LIMIT $2)
            UNION ALL
            (SELECT market_id FROM markets WHERE NOT $3 AND market_id > $1 ORDER BY market_id LIMIT $2)
        ) turn ORDER BY market_id"#,
        after,
        limit,
        turn == Turn::LiveMarkets,
    )
    .fetch_all(pool)
    .await
}

/// The positions whose turn it is, as stored or as counted, and their markets.
pub(crate) async fn positions(
    pool: &PgPool,
    limit: i64,
) -> Result<Vec<(MarketId, PositionKey)>, sqlx::Error> {
    let (outcome, account) = place(pool, Turn::Positions).await?;
    let rows = sqlx::query!(
        r#"SELECT o.market_id AS "market!: MarketId", t.outcome_id AS "outcome!: OutcomeId",
            t.account_id AS "account!: AccountId"
        FROM (
            (SELECT outcome_id, account_id FROM positions WHERE (outcome_id, account_id) > ($1, $2)
             ORDER BY outcome_id, account_id LIMIT $3)
            UNION
            (SELECT outcome_id, account_id FROM audit_positions WHERE (outcome_id, account_id) > ($1, $2)
             ORDER BY outcome_id, account_id LIMIT $3)
            ORDER BY outcome_id, account_id LIMIT $3
        ) t CROSS JOIN LATERAL (SELECT market_id FROM outcomes WHERE outcome_id = t.outcome_id LIMIT 1) o
        ORDER BY t.outcome_id, t.account_id"#,
        outcome,
        account,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.market, (row.outcome, row.account))).collect())
}

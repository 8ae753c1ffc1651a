//! What the house pays for markets that were decided wrongly: frozen first, then owed bet by bet.

use loljoa_service_kit::{AccountId, BetId, MarketId, OutcomeId, Points};
use sqlx::{PgConnection, PgExecutor};

use crate::domain::{
    BetState,
    payout::{Cutoff, Division, Winner},
};

/// A market's correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Correction {
    /// The right outcome.
    pub(crate) outcome_id: OutcomeId,
    /// Bets on it; none while they are counted.
    pub(crate) bets: Option<i64>,
    /// How the pool would have been divided; none while the bets are counted, or without any.
    pub(crate) division: Option<Division>,
    /// What is owed to bets up to this sequence has been written down.
    pub(crate) cursor: i64,
    /// Whether everything has been.
    pub(crate) is_done: bool,
    /// Whether the cells of the ledger have cleared it.
    pub(crate) is_cleared: bool,
}

impl Correction {
    /// What it gives a bet; none where there is nothing to give.
    #[must_use]
    pub(crate) fn owed(&self, outcome: Option<OutcomeId>, state: BetState, bet: Winner) -> Option<Points> {
        let division = self.division.filter(|_| outcome == Some(self.outcome_id))?;
        let points = match state {
            BetState::Lost => division.payout(bet),
            BetState::Void => division.profit(bet),
            BetState::Accepted | BetState::Cancelled | BetState::Refunded | BetState::Won => return None,
        };
        Some(points).filter(|points| *points > Points::ZERO)
    }

    /// Whether it was made when how it divides was not kept, so that nobody can tell what a bet was owed.
    #[must_use]
    pub(crate) fn is_without_division(&self) -> bool {
        self.division.is_none() && self.bets.is_some_and(|bets| bets > 0)
    }
}

/// Notes that a final market is corrected to this outcome, once. The caller holds the market.
pub(crate) async fn begin(
    db: &mut PgConnection,
    market: MarketId,
    outcome: OutcomeId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO corrections (market_id, outcome_id) VALUES ($1, $2) ON CONFLICT (market_id) DO NOTHING",
        market as MarketId,
        outcome as OutcomeId,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE markets SET corrected_outcome_id = $2, revision = revision + 1
         WHERE market_id = $1 AND state IN ('settled', 'void') AND corrected_outcome_id IS NULL",
        market as MarketId,
        outcome as OutcomeId,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A market's correction, if it has one.
pub(crate) async fn of(db: impl PgExecutor<'_>, market: MarketId) -> Result<Option<Correction>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT c.outcome_id AS "outcome_id: OutcomeId", c.winning_total AS "winning_total: Points", c.cutoff_remainder,
            c.cutoff_seq, c.bets, c.cursor, c.done_at IS NOT NULL AS "is_done!",
            c.cleared_at IS NOT NULL AS "is_cleared!", m.pool AS "pool: Points"
        FROM corrections c JOIN markets m USING (market_id) WHERE market_id = $1"#,
        market as MarketId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let cutoff = row.cutoff_remainder.zip(row.cutoff_seq);
        let cutoff = cutoff.map(|(remainder, seq)| Cutoff { remainder, seq });
        Correction {
            outcome_id: row.outcome_id,
            bets: row.bets,
            division: row.winning_total.map(|winning_total| Division {
                pool: row.pool,
                winning_total,
                cutoff,
            }),
            cursor: row.cursor,
            is_done: row.is_done,
            is_cleared: row.is_cleared,
        }
    }))
}

/// Fixes how the pool would have been divided, before anything is owed. The caller holds the market.
pub(crate) async fn freeze(
    db: &mut PgConnection,
    market: MarketId,
    bets: i64,
    division: Option<&Division>,
) -> Result<(), sqlx::Error> {
    let (remainder, seq) =
        division.and_then(|it| it.cutoff).map(|cutoff| (cutoff.remainder, cutoff.seq)).unzip();
    sqlx::query!(
        "UPDATE corrections SET bets = $2, winning_total = $3, cutoff_remainder = $4, cutoff_seq = $5
         WHERE market_id = $1 AND bets IS NULL",
        market as MarketId,
        bets,
        division.map(|division| division.winning_total) as Option<Points>,
        remainder,
        seq,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that every cell of the ledger has cleared a correction.
pub(crate) async fn set_cleared(db: impl PgExecutor<'_>, market: MarketId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE corrections SET cleared_at = clock_timestamp() WHERE market_id = $1 AND cleared_at IS NULL",
        market as MarketId,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What is owed to one bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// To which.
    pub(crate) bet_id: BetId,
    /// Whose.
    pub(crate) account_id: AccountId,
    /// How much, 1 or more.
    pub(crate) points: Points,
    /// The bet's stake.
    pub(crate) staked: Points,
}

/// Owes these corrections and notes how far that is; `last` is absent at the end. The caller holds the market.
pub(crate) async fn owe(
    db: &mut PgConnection,
    market: MarketId,
    due: &[Due],
    last: Option<i64>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = due.iter().map(|due| due.bet_id).collect();
    let accounts: Vec<_> = due.iter().map(|due| due.account_id).collect();
    let points: Vec<_> = due.iter().map(|due| due.points).collect();
    let stakes: Vec<_> = due.iter().map(|due| due.staked).collect();
    sqlx::query!(
        "INSERT INTO owed (bet_id, account_id, market_id, kind, points, staked)
         SELECT bet_id, account_id, $1, 'correction', points, staked
         FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[]) AS c (bet_id, account_id, points, staked)
         ORDER BY bet_id ON CONFLICT DO NOTHING",
        market as MarketId,
        &ids as &[BetId],
        &accounts as &[AccountId],
        &points as &[Points],
        &stakes as &[Points],
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE corrections SET cursor = coalesce($2, 9223372036854775807),
            done_at = CASE WHEN $2::bigint IS NULL THEN clock_timestamp() END
         WHERE market_id = $1",
        market as MarketId,
        last,
    )
    .execute(db)
    .await?;
    Ok(())
}

//! How markets end: fixed first, then closed bet by bet, then final. The caller holds the market.

use loljoa_service_kit::{AccountId, BetId, MarketId, OutcomeId, Points};
use sqlx::{PgConnection, PgExecutor};

use crate::domain::{
    BetState, MarketState, OwedKind, VoidReason,
    payout::{Cutoff, Division, Winner},
};

/// The standing bets on an outcome.
pub(crate) async fn winners(
    db: &mut PgConnection,
    market: MarketId,
    outcome: OutcomeId,
) -> Result<Vec<Winner>, sqlx::Error> {
    sqlx::query_as!(
        Winner,
        r#"SELECT seq, stake AS "stake: _" FROM bets
        WHERE market_id = $1 AND outcome_id = $2 AND state NOT IN ('cancelled', 'refunded') ORDER BY seq"#,
        market as MarketId,
        outcome as OutcomeId,
    )
    .fetch_all(db)
    .await
}

/// locked → settling: fixes the outcome and how the pool is divided.
pub(crate) async fn begin_settling(
    db: &mut PgConnection,
    market: MarketId,
    outcome: OutcomeId,
    division: &Division,
) -> Result<bool, sqlx::Error> {
    let (remainder, seq) = division.cutoff.map(|cutoff| (cutoff.remainder, cutoff.seq)).unzip();
    let begun = sqlx::query!(
        "UPDATE markets SET state = 'settling', settled_outcome_id = $2, winning_total = $3, cutoff_remainder = $4,
            cutoff_seq = $5, revision = revision + 1
         WHERE market_id = $1 AND state = 'locked' AND pool = $6",
        market as MarketId,
        outcome as OutcomeId,
        division.winning_total as Points,
        remainder,
        seq,
        division.pool as Points,
    )
    .execute(db)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// open or locked → voiding.
pub(crate) async fn begin_voiding(
    db: &mut PgConnection,
    market: MarketId,
    reason: VoidReason,
) -> Result<bool, sqlx::Error> {
    let begun = sqlx::query!(
        "UPDATE markets SET state = 'voiding', void_reason = $2, revision = revision + 1
         WHERE market_id = $1 AND state IN ('open', 'locked')",
        market as MarketId,
        reason as VoidReason,
    )
    .execute(db)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// Markets that are being settled or voided.
pub(crate) async fn under_way(db: impl PgExecutor<'_>) -> Result<Vec<MarketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT market_id AS "id: MarketId" FROM markets WHERE state IN ('settling', 'voiding') ORDER BY market_id"#,
    )
    .fetch_all(db)
    .await
}

/// A market that is being settled or voided, with all that was fixed for it.
#[derive(Clone, Debug)]
pub(crate) struct Closing {
    /// How it ends.
    pub(crate) end: End,
    /// Bets up to this sequence are closed.
    pub(crate) cursor: i64,
}

/// How a market ends.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// With this outcome, the pool divided so.
    Settled(OutcomeId, Division),
    /// With every stake given back.
    Void,
}

/// Takes hold of a market that is being settled or voided, unless another replica has it or it is final.
pub(crate) async fn hold(db: &mut PgConnection, market: MarketId) -> Result<Option<Closing>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT pool AS "pool: Points", settled_outcome_id AS "outcome: OutcomeId",
            winning_total AS "winning_total: Points", cutoff_remainder, cutoff_seq, close_cursor
        FROM markets WHERE market_id = $1 AND state IN ('settling', 'voiding')
        FOR NO KEY UPDATE SKIP LOCKED"#,
        market as MarketId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let cutoff = row.cutoff_remainder.zip(row.cutoff_seq);
        let cutoff = cutoff.map(|(remainder, seq)| Cutoff { remainder, seq });
        let end = match row.outcome.zip(row.winning_total) {
            Some((outcome, winning_total)) => {
                End::Settled(outcome, Division { pool: row.pool, winning_total, cutoff })
            }
            None => End::Void,
        };
        Closing { end, cursor: row.close_cursor }
    }))
}

/// A bet that is to be closed.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// Which.
    pub(crate) bet_id: BetId,
    /// Whose.
    pub(crate) account_id: AccountId,
    /// The server's own sequence.
    pub(crate) seq: i64,
    /// How much.
    pub(crate) stake: Points,
    /// On which answer.
    pub(crate) outcome_id: Option<OutcomeId>,
}

/// The next accepted bets of a market after a sequence.
pub(crate) async fn next_bets(
    db: &mut PgConnection,
    market: MarketId,
    after: i64,
    limit: i64,
) -> Result<Vec<Standing>, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        r#"SELECT bet_id AS "bet_id: _", account_id AS "account_id: _", seq, stake AS "stake: _",
            outcome_id AS "outcome_id: _"
        FROM bets WHERE market_id = $1 AND seq > $2 AND state = 'accepted' ORDER BY seq LIMIT $3"#,
        market as MarketId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

/// How one bet ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    /// Which.
    pub(crate) bet_id: BetId,
    /// Where it stands from now on.
    pub(crate) state: BetState,
    /// What the account gets back.
    pub(crate) returned: Points,
    /// What is owed.
    pub(crate) kind: OwedKind,
}

/// Closes bets, owes what follows, and moves the market's cursor to `last_seq`.
pub(crate) async fn close_bets(
    db: &mut PgConnection,
    market: MarketId,
    bets: &[Closed],
    last_seq: i64,
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = bets.iter().map(|bet| bet.bet_id).collect();
    let states: Vec<_> = bets.iter().map(|bet| bet.state).collect();
    let returns: Vec<_> = bets.iter().map(|bet| bet.returned).collect();
    let kinds: Vec<_> = bets.iter().map(|bet| bet.kind).collect();
    sqlx::query!(
        "SELECT close_bets($1, $2, $3, $4, $5, $6)",
        market as MarketId,
        &ids as &[BetId],
        &states as &[BetState],
        &returns as &[Points],
        &kinds as &[OwedKind],
        last_seq,
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

/// settling → settled, voiding → void, once nothing is owed any more. Answers what the market became, if it did.
pub(crate) async fn finish(
    db: &mut PgConnection,
    market: MarketId,
) -> Result<Option<MarketState>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"UPDATE markets SET state = CASE state WHEN 'settling' THEN 'settled' ELSE 'void' END,
            closed_at = clock_timestamp(), revision = revision + 1
        WHERE market_id = $1 AND state IN ('settling', 'voiding')
            AND NOT EXISTS (SELECT FROM owed WHERE market_id = $1)
        RETURNING state AS "state: MarketState""#,
        market as MarketId,
    )
    .fetch_optional(db)
    .await
}

/// The outcome that a settled market was corrected to before.
pub(crate) async fn corrected_outcome(
    db: &mut PgConnection,
    market: MarketId,
) -> Result<Option<OutcomeId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT corrected_outcome_id AS "outcome: OutcomeId" FROM markets WHERE market_id = $1"#,
        market as MarketId,
    )
    .fetch_one(db)
    .await
}

/// Notes the outcome that a settled market is corrected to.
pub(crate) async fn set_corrected_outcome(
    db: &mut PgConnection,
    market: MarketId,
    outcome: OutcomeId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE markets SET corrected_outcome_id = $2, revision = revision + 1
         WHERE market_id = $1 AND state = 'settled' AND corrected_outcome_id IS NULL",
        market as MarketId,
        outcome as OutcomeId,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The lost bets on an outcome: those that a correction to it pays.
pub(crate) async fn lost_on(
    db: &mut PgConnection,
    market: MarketId,
    outcome: OutcomeId,
) -> Result<Vec<Standing>, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        r#"SELECT bet_id AS "bet_id: _", account_id AS "account_id: _", seq, stake AS "stake: _",
            outcome_id AS "outcome_id: _"
        FROM bets WHERE market_id = $1 AND outcome_id = $2 AND state = 'lost' ORDER BY seq"#,
        market as MarketId,
        outcome as OutcomeId,
    )
    .fetch_all(db)
    .await
}

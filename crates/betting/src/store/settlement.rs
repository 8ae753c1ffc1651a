//! How markets end: decided first, then fixed, then closed bet by bet, then final. The caller holds the market.

use loljoa_service_kit::{AccountId, BetId, Cell, MarketId, OutcomeId, Points};
use sqlx::{PgConnection, PgExecutor};

use crate::domain::{
    BetState, MarketState, VoidReason,
    count::Page,
    payout::{Division, Winner},
};

/// Decides a locked market: from now on nothing but this outcome can come of it.
pub(crate) async fn decide(
    db: &mut PgConnection,
    market: MarketId,
    outcome: OutcomeId,
) -> Result<bool, sqlx::Error> {
    let decided = sqlx::query!(
        "UPDATE markets SET decided_outcome_id = $2, revision = revision + 1
         WHERE market_id = $1 AND state = 'locked' AND decided_outcome_id IS NULL",
        market as MarketId,
        outcome as OutcomeId,
    )
    .execute(db)
    .await?;
    Ok(decided.rows_affected() == 1)
}

/// The standing bets on an outcome, among the next `look_at` bets of the market.
pub(crate) async fn winners(
    db: &mut PgConnection,
    market: MarketId,
    outcome: OutcomeId,
    after: i64,
    look_at: i64,
) -> Result<Page, sqlx::Error> {
    let row = sqlx::query!(
        r#"WITH page AS MATERIALIZED (
            SELECT seq, stake, outcome_id, state FROM bets WHERE market_id = $1 AND seq > $3 ORDER BY seq LIMIT $4
        ), winner AS MATERIALIZED (
            SELECT seq, stake FROM page WHERE outcome_id = $2 AND state NOT IN ('cancelled', 'refunded') ORDER BY seq
        )
        SELECT ARRAY(SELECT seq FROM winner) AS "seqs!", ARRAY(SELECT stake FROM winner) AS "stakes!: Vec<Points>",
            (SELECT CASE WHEN count(*) = $4 THEN max(seq) END FROM page) AS last"#,
        market as MarketId,
        outcome as OutcomeId,
        after,
        look_at,
    )
    .fetch_one(db)
    .await?;
    let winners = row.seqs.into_iter().zip(row.stakes).map(|(seq, stake)| Winner { seq, stake });
    Ok(Page { winners: winners.collect(), last: row.last })
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
         WHERE market_id = $1 AND state = 'locked' AND decided_outcome_id = $2 AND pool = $6",
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

/// Notes that every cell of the ledger has cleared a market that is being settled.
pub(crate) async fn set_cleared(db: impl PgExecutor<'_>, market: MarketId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE markets SET cleared_at = clock_timestamp() WHERE market_id = $1 AND cleared_at IS NULL",
        market as MarketId,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// open or locked → voiding.
pub(crate) async fn begin_voiding(
    db: &mut PgConnection,
    market: MarketId,
    reason: VoidReason,
) -> Result<bool, sqlx::Error> {
    let begun = sqlx::query!(
        "UPDATE markets SET state = 'voiding', withdrawn = ($2 = 'match_changed'),
            void_reason = CASE $2 WHEN 'match_changed' THEN 'cancelled' ELSE $2 END, revision = revision + 1
         WHERE market_id = $1 AND state IN ('open', 'locked')",
        market as MarketId,
        reason as VoidReason,
    )
    .execute(db)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// A bet of a market that ends or is corrected.
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
    /// Where it stands.
    pub(crate) state: BetState,
}

/// The next bets of a market after a sequence, whatever their state.
pub(crate) async fn next_bets(
    db: &mut PgConnection,
    market: MarketId,
    after: i64,
    limit: i64,
) -> Result<Vec<Standing>, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        r#"SELECT bet_id AS "bet_id: _", account_id AS "account_id: _", seq, stake AS "stake: _",
            outcome_id AS "outcome_id: _", state AS "state: _"
        FROM bets WHERE market_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"#,
        market as MarketId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

/// How one bet ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed {
    /// The server's own sequence.
    pub(crate) seq: i64,
    /// What it becomes.
    pub(crate) state: BetState,
    /// What the account gets back.
    pub(crate) returned: Points,
}

/// Closes a chunk of bets, in the order of their sequences, owes what follows in each of the ledger's `cells`, and moves the market's
/// cursor.
pub(crate) async fn close_chunk(
    db: &mut PgConnection,
    market: MarketId,
    bets: &[Closed],
    last_seq: i64,
    cells: u16,
) -> Result<(), sqlx::Error> {
    let slots = (0..cells).map(|index| Cell { index, of: cells }.slots());
    let (first_slots, last_slots): (Vec<_>, Vec<_>) =
        slots.map(|slots| (i32::from(*slots.start()), i32::from(*slots.end()))).unzip();
    let sequences: Vec<_> = bets.iter().map(|bet| bet.seq).collect();
    let states: Vec<_> = bets.iter().map(|bet| bet.state).collect();
    let returns: Vec<_> = bets.iter().map(|bet| bet.returned).collect();
    sqlx::query!(
        "SELECT close_chunk($1, $2, $3, $4, $5, $6, $7)",
        market as MarketId,
        &sequences,
        &states as &[BetState],
        &returns as &[Points],
        last_seq,
        &first_slots,
        &last_slots,
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
            AND NOT EXISTS (SELECT FROM owed_chunks WHERE market_id = $1)
            AND NOT EXISTS (SELECT FROM owed WHERE market_id = $1)
        RETURNING state AS "state: MarketState""#,
        market as MarketId,
    )
    .fetch_optional(db)
    .await
}

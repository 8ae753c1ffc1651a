//! What a person corrects in betting.

use loljoa_service_kit::{BetId, Correction};
use sqlx::{PgConnection, PgExecutor};

use crate::domain::{BetState, MarketState, OwedKind, bet::Fingerprint};

/// A bet, its market, and what is owed for it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) bet_id: BetId,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) state: BetState,
    pub(crate) market_state: MarketState,
    /// Whether the market's outcome is fixed, so that its bets are being counted, or were.
    pub(crate) is_decided: bool,
    /// Whether the ledger refused to close it.
    pub(crate) is_parked: bool,
    /// Whether the ledger refused what the house owes for a correction.
    pub(crate) is_correction_parked: bool,
}

/// Those of these bets that exist.
pub(crate) async fn rows(db: impl PgExecutor<'_>, ids: &[BetId]) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"SELECT b.bet_id AS "bet_id!: _", b.fingerprint AS "fingerprint!: _", b.state AS "state!: _",
            m.state AS "market_state!: _", m.decided_outcome_id IS NOT NULL AS "is_decided!", coalesce(o.parked, false) AS "is_parked!",
            coalesce(c.parked, false) AS "is_correction_parked!"
        FROM bets b JOIN markets m USING (market_id)
        LEFT JOIN owed o ON o.bet_id = b.bet_id AND NOT o.correction
        LEFT JOIN owed c ON c.bet_id = b.bet_id AND c.correction
        WHERE b.bet_id = ANY ($1)"#,
        ids as &[BetId],
    )
    .fetch_all(db)
    .await
}

/// Bets for which the ledger has refused what is owed, the oldest first.
pub(crate) async fn parked(db: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<BetId>> {
    sqlx::query_scalar!(
        r#"SELECT bet_id AS "bet_id: _" FROM owed WHERE parked ORDER BY created_at, bet_id LIMIT $1"#,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Takes a bet off its market and owes its stake back. The caller holds the market. Answers whether it was accepted.
pub(crate) async fn withdraw(db: &mut PgConnection, bet: BetId) -> sqlx::Result<bool> {
    let withdrawn = sqlx::query_scalar!(
        r#"SELECT withdraw_bets(ARRAY[$1::uuid], 'refunded', 'tombstone', clock_timestamp()) AS "withdrawn!""#,
        bet as BetId,
    )
    .fetch_one(db)
    .await?;
    Ok(withdrawn > 0)
}

/// Forgets what is owed for a bet, because the ledger has it, or because nothing is due. Answers whether anything was owed.
pub(crate) async fn forget_owed(db: &mut PgConnection, bet: BetId, kind: OwedKind) -> sqlx::Result<bool> {
    let forgotten =
        sqlx::query!("DELETE FROM owed WHERE bet_id = $1 AND kind = $2", bet as BetId, kind as OwedKind,)
            .execute(db)
            .await?;
    Ok(forgotten.rows_affected() > 0)
}

/// Notes a correction, in the commit that makes it.
pub(crate) async fn record(db: &mut PgConnection, correction: &Correction) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO reconciliations (correction_id, action, subject, detail, who, why) VALUES ($1, $2, $3, $4, $5, $6)",
        correction.id(),
        correction.action,
        correction.subject,
        correction.detail,
        correction.who,
        correction.why,
    )
    .execute(db)
    .await?;
    Ok(())
}

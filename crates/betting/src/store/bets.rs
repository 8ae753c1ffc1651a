//! Bets, and the positions and pools that follow from them.

use chrono::TimeDelta;
use loljoa_service_kit::{AccountId, BetId, MarketId, OutcomeId, Points};
use sqlx::{PgConnection, PgExecutor, postgres::types::PgInterval};

use crate::domain::{Bet, BetState, NewBet, Odds, Tombstone, bet::Fingerprint};

/// Reads bets from anything that has their columns: a table, or a function that gives its rows.
macro_rules! select_bets {
    ($from:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Bet,
            r#"SELECT bet_id AS "bet_id!: _", seq AS "seq!", account_id AS "account_id!: _",
                market_id AS "market_id!: _", outcome_id AS "outcome_id?: _", stake AS "stake!: _", state AS "state!: _",
                tombstone AS "tombstone?: _", placed_odds_hundredths AS "placed_odds!: _", returned AS "returned!: _",
                fingerprint AS "fingerprint!: _", recorded_at AS "recorded_at!", closed_at AS "closed_at?"
            "# + $from
            $(, $argument)*
        )
    };
}
pub(super) use select_bets;

/// Records bets whose stakes are taken, in this order, and answers each with its present state and whether it is new. The
/// ids are distinct. Waits for a row at most `patience_ms`, and then records nothing.
pub(crate) async fn record(
    db: &mut PgConnection,
    bets: &[NewBet],
    patience_ms: i32,
) -> Result<Vec<(Bet, bool)>, sqlx::Error> {
    let ids: Vec<_> = bets.iter().map(|bet| bet.bet_id).collect();
    let accounts: Vec<_> = bets.iter().map(|bet| bet.account_id).collect();
    let markets: Vec<_> = bets.iter().map(|bet| bet.market_id).collect();
    let outcomes: Vec<_> = bets.iter().map(|bet| bet.outcome_id).collect();
    let stakes: Vec<_> = bets.iter().map(|bet| bet.stake).collect();
    let fingerprints: Vec<_> = bets.iter().map(|bet| bet.fingerprint).collect();
    let rows = sqlx::query!(
        r#"SELECT bet_id AS "bet_id!: BetId", seq AS "seq!", account_id AS "account_id!: AccountId",
            market_id AS "market_id!: MarketId", outcome_id AS "outcome_id: OutcomeId", stake AS "stake!: Points",
            state AS "state!: BetState", tombstone AS "tombstone: Tombstone",
            placed_odds_hundredths AS "placed_odds!: Odds", returned AS "returned!: Points",
            fingerprint AS "fingerprint!: Fingerprint", recorded_at AS "recorded_at!", closed_at,
            changed_xid = pg_current_xact_id() AS "is_new!"
        FROM record_bets($1, $2, $3, $4, $5, $6, $7)"#,
        &ids as &[BetId],
        &accounts as &[AccountId],
        &markets as &[MarketId],
        &outcomes as &[OutcomeId],
        &stakes as &[Points],
        &fingerprints as &[Fingerprint],
        patience_ms,
    )
    .fetch_all(db)
    .await?;
    let recorded = rows.into_iter().map(|row| {
        let bet = Bet {
            bet_id: row.bet_id,
            seq: row.seq,
            account_id: row.account_id,
            market_id: row.market_id,
            outcome_id: row.outcome_id,
            stake: row.stake,
            state: row.state,
            tombstone: row.tombstone,
            placed_odds: row.placed_odds,
            returned: row.returned,
            fingerprint: row.fingerprint,
            recorded_at: row.recorded_at,
            closed_at: row.closed_at,
        };
        (bet, row.is_new)
    });
    Ok(recorded.collect())
}

/// A stake that the ledger has taken.
#[derive(Clone, Debug)]
pub(crate) struct TakenStake {
    /// The bet it was taken for.
    pub(crate) bet_id: BetId,
    /// From whom.
    pub(crate) account_id: AccountId,
    /// Into whose pool.
    pub(crate) market_id: MarketId,
    /// How much.
    pub(crate) stake: Points,
    /// The bet's.
    pub(crate) fingerprint: Fingerprint,
}

/// Writes a tombstone, with its refund owed, for each stake that has no bet. Answers how many had none.
pub(crate) async fn tombstone(db: &mut PgConnection, stakes: &[TakenStake]) -> Result<i64, sqlx::Error> {
    let ids: Vec<_> = stakes.iter().map(|stake| stake.bet_id).collect();
    let accounts: Vec<_> = stakes.iter().map(|stake| stake.account_id).collect();
    let markets: Vec<_> = stakes.iter().map(|stake| stake.market_id).collect();
    let points: Vec<_> = stakes.iter().map(|stake| stake.stake).collect();
    let fingerprints: Vec<_> = stakes.iter().map(|stake| stake.fingerprint).collect();
    sqlx::query_scalar!(
        r#"SELECT tombstone_stakes($1, $2, $3, $4, $5) AS "written!""#,
        &ids as &[BetId],
        &accounts as &[AccountId],
        &markets as &[MarketId],
        &points as &[Points],
        &fingerprints as &[Fingerprint],
    )
    .fetch_one(db)
    .await
}

/// Bets by id, in no order; ids that do not exist are left out. Each is looked up by itself: while the planner believes a
/// partition to be small, it would read all of it for many ids.
pub(crate) async fn by_ids(db: impl PgExecutor<'_>, ids: &[BetId]) -> Result<Vec<Bet>, sqlx::Error> {
    select_bets!(
        "FROM (SELECT DISTINCT id FROM unnest((SELECT $1::uuid[])) AS i (id)) AS asked
         CROSS JOIN LATERAL (SELECT * FROM bets WHERE bet_id = asked.id OFFSET 0) AS found",
        ids as &[BetId],
    )
    .fetch_all(db)
    .await
}

/// A bet of this account.
pub(crate) async fn get(
    db: impl PgExecutor<'_>,
    account: AccountId,
    bet: BetId,
) -> Result<Option<Bet>, sqlx::Error> {
    select_bets!("FROM bets WHERE bet_id = $1 AND account_id = $2", bet as BetId, account as AccountId,)
        .fetch_optional(db)
        .await
}

/// An account's bets before a sequence, newest first.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    account: AccountId,
    state: Option<BetState>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Bet>, sqlx::Error> {
    select_bets!(
        "FROM bets WHERE account_id = $1 AND ($2::text IS NULL OR state = $2) AND seq < coalesce($3, 9223372036854775807)
         ORDER BY seq DESC LIMIT $4",
        account as AccountId,
        state as Option<BetState>,
        before,
        limit,
    )
    .fetch_all(db)
    .await
}

/// How an attempt to cancel ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Cancellation {
    /// The bet is cancelled, now or since before.
    Cancelled,
    /// This account has no such bet.
    NotFound,
    /// The bet ended in another way.
    Closed,
    /// The market's cancel window is over.
    TooLate,
}

/// Cancels bets of these accounts until `window` before their markets' locks, each for itself, and answers for each in
/// order. Waits for a row at most `patience_ms`, and then cancels nothing.
pub(crate) async fn cancel(
    db: impl PgExecutor<'_>,
    bets: &[(BetId, AccountId)],
    window: TimeDelta,
    patience_ms: i32,
) -> Result<Vec<Cancellation>, sqlx::Error> {
    let notice = PgInterval { months: 0, days: 0, microseconds: window.num_milliseconds() * 1_000 };
    let (ids, accounts): (Vec<_>, Vec<_>) = bets.iter().copied().unzip();
    sqlx::query_scalar!(
        r#"SELECT cancel_bets($1, $2, $3, $4) AS "verdicts!: Vec<Cancellation>""#,
        &ids as &[BetId],
        &accounts as &[AccountId],
        notice,
        patience_ms,
    )
    .fetch_one(db)
    .await
}

//! Bets as an audit reads them: page by page, each with what is owed for it in the same statement, and so in one state of
//! the database.

use std::collections::HashMap;

use loljoa_service_kit::{AccountId, BetId, MarketId, OutcomeId, Points};
use sqlx::{PgConnection, PgExecutor, PgPool};

use crate::domain::{
    BetState,
    agreement::BookedBet,
    payout::{Cutoff, Division, Winner},
};

struct Row {
    bet_id: BetId,
    seq: i64,
    account_id: AccountId,
    market_id: MarketId,
    stake: Points,
    state: BetState,
    returned: Points,
    is_owed: bool,
    is_correction_owed: bool,
    /// The outcome that the market was corrected to, if this bet is on it and what it gets has been written down.
    corrected: Option<OutcomeId>,
    pool: Option<Points>,
}

macro_rules! select_rows {
    ($from:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT b.bet_id AS "bet_id!: _", b.seq AS "seq!", b.account_id AS "account_id!: _",
                b.market_id AS "market_id!: _", b.stake AS "stake!: _", b.state AS "state!: _",
                b.returned AS "returned!: _", o.bet_id IS NOT NULL OR w.market_id IS NOT NULL AS "is_owed!",
                c.bet_id IS NOT NULL AS "is_correction_owed!", m.outcome_id AS "corrected?: _",
                m.pool AS "pool?: _"
            "# + $from + r#"
            LEFT JOIN LATERAL (SELECT * FROM owed WHERE bet_id = b.bet_id AND NOT correction LIMIT 1) o ON true
            LEFT JOIN LATERAL (SELECT * FROM owed WHERE bet_id = b.bet_id AND correction LIMIT 1) c ON true
            LEFT JOIN LATERAL (
                SELECT market_id FROM owed_chunks
                WHERE market_id = b.market_id AND b.seq BETWEEN first_seq AND last_seq AND b.state IN ('won', 'lost', 'void')
                    AND slot_of(b.account_id) BETWEEN first_slot AND last_slot
                LIMIT 1
            ) w ON true
            LEFT JOIN LATERAL (
                SELECT k.outcome_id, markets.pool FROM corrections k JOIN markets USING (market_id)
                WHERE k.market_id = b.market_id AND k.outcome_id = b.outcome_id AND b.seq <= k.cursor LIMIT 1
            ) m ON true
            ORDER BY b.market_id, b.seq"#
            $(, $argument)*
        )
    };
}

/// The next bets behind a place, in the order of markets and sequences.
pub(crate) async fn after(
    pool: &PgPool,
    market: MarketId,
    seq: i64,
    limit: i64,
) -> sqlx::Result<Vec<BookedBet>> {
    let rows = select_rows!(
        "FROM (
            SELECT * FROM bets WHERE (market_id, seq) > ($1, $2) ORDER BY market_id, seq LIMIT $3
        ) b",
        market as MarketId,
        seq,
        limit,
    )
    .fetch_all(pool)
    .await?;
    booked(pool, rows).await
}

/// Those of these bets that exist.
pub(crate) async fn by_ids(pool: &PgPool, ids: &[BetId]) -> sqlx::Result<Vec<BookedBet>> {
    let rows = select_rows!(
        "FROM unnest($1::uuid[]) AS i (id)
        CROSS JOIN LATERAL (SELECT * FROM bets WHERE bet_id = i.id LIMIT 1) b",
        ids as &[BetId],
    )
    .fetch_all(pool)
    .await?;
    booked(pool, rows).await
}

/// Those of these ids that are bets.
pub(crate) async fn known(db: impl PgExecutor<'_>, ids: &[BetId]) -> sqlx::Result<Vec<BetId>> {
    sqlx::query_scalar!(
        r#"SELECT b.bet_id AS "id: BetId" FROM unnest($1::uuid[]) AS i (id)
        CROSS JOIN LATERAL (SELECT bet_id FROM bets WHERE bet_id = i.id LIMIT 1) b"#,
        ids as &[BetId],
    )
    .fetch_all(db)
    .await
}

/// What a correction pays follows from all bets on the right outcome. They are final, so this may be read later.
async fn booked(pool: &PgPool, rows: Vec<Row>) -> sqlx::Result<Vec<BookedBet>> {
    let mut divisions = HashMap::new();
    for row in &rows {
        if let (Some(outcome), Some(points)) = (row.corrected, row.pool)
            && !divisions.contains_key(&row.market_id)
        {
            let mut connection = pool.acquire().await?;
            let division = division(&mut connection, row.market_id, outcome, points).await?;
            divisions.insert(row.market_id, division);
        }
    }
    let booked = rows.into_iter().map(|row| {
        let division = row.corrected.and(divisions.get(&row.market_id)).and_then(Option::as_ref);
        row.booked(division)
    });
    Ok(booked.collect())
}

impl Row {
    fn booked(self, corrected: Option<&Division>) -> BookedBet {
        let winner = Winner { seq: self.seq, stake: self.stake };
        let correction = corrected.map_or(0, |division| match self.state {
            BetState::Lost => division.payout(winner).0,
            // The stake went back already.
            BetState::Void => division.payout(winner).0 - self.stake.0,
            _ => 0,
        });
        BookedBet {
            bet_id: self.bet_id,
            seq: self.seq,
            account_id: self.account_id,
            market_id: self.market_id,
            stake: self.stake,
            closing: self.state.closing().map(|kind| (kind, self.returned)),
            paid: matches!(self.state, BetState::Won | BetState::Lost).then_some(self.returned),
            correction: Points(correction),
            is_owed: self.is_owed,
            is_correction_owed: self.is_correction_owed,
        }
    }
}

/// How a decided market's pool would have been divided on another outcome, without reading all of its bets.
async fn division(
    db: &mut PgConnection,
    market: MarketId,
    outcome: OutcomeId,
    pool: Points,
) -> sqlx::Result<Option<Division>> {
    let total = sqlx::query!(
        r#"WITH picked AS (
            SELECT stake, sum(stake) OVER () AS total FROM bets
            WHERE market_id = $1 AND outcome_id = $2 AND state IN ('lost', 'void')
        )
        SELECT max(total)::bigint AS "total: Points",
            (sum(mod($3::bigint::numeric * stake, total)) / max(total))::bigint AS left_over
        FROM picked"#,
        market as MarketId,
        outcome as OutcomeId,
        pool as Points,
    )
    .fetch_one(&mut *db)
    .await?;
    let Some(winning_total) = total.total else { return Ok(None) };
    let left_over = total.left_over.unwrap_or_default();
    if left_over == 0 {
        return Ok(Some(Division { pool, winning_total, cutoff: None }));
    }
    let last = sqlx::query!(
        r#"SELECT seq, mod($3::bigint::numeric * stake, $4::bigint)::bigint AS "remainder!" FROM bets
        WHERE market_id = $1 AND outcome_id = $2 AND state IN ('lost', 'void')
        ORDER BY 2 DESC, seq OFFSET $5 LIMIT 1"#,
        market as MarketId,
        outcome as OutcomeId,
        pool as Points,
        winning_total as Points,
        left_over - 1,
    )
    .fetch_optional(db)
    .await?;
    let cutoff = last.map(|last| Cutoff { remainder: last.remainder, seq: last.seq });
    Ok(Some(Division { pool, winning_total, cutoff }))
}

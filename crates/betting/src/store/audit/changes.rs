//! Bets in the order of their last change, below the oldest transaction that is still under way.

use chrono::{DateTime, Utc};
use loljoa_service_kit::BetId;
use sqlx::{PgConnection, PgExecutor};

use crate::domain::finding::{AuditedBet, Place};

/// Reads audited bets from a table expression and what narrows it.
macro_rules! select_audited {
    ($rest:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            AuditedBet,
            r#"SELECT changed_xid::text::bigint AS "xid!", seq, bet_id AS "bet_id: _", account_id AS "account_id: _",
                market_id AS "market_id: _", stake AS "stake: _", state AS "state: _", returned AS "returned: _",
                fingerprint AS "fingerprint: _",
                EXISTS (SELECT FROM owed o WHERE o.bet_id = b.bet_id AND NOT o.correction) OR EXISTS (
                    SELECT FROM owed_chunks c
                    WHERE c.market_id = b.market_id AND b.seq BETWEEN c.first_seq AND c.last_seq AND b.state IN ('won', 'lost', 'void')
                        AND slot_of(b.account_id) BETWEEN c.first_slot AND c.last_slot
                ) AS "owed!"
            FROM bets b "# + $rest
            $(, $argument)*
        )
    };
}
pub(super) use select_audited;

/// Up to where bets have been compared and counted.
pub(crate) async fn place(db: impl PgExecutor<'_>) -> Result<Place, sqlx::Error> {
    let place = sqlx::query_as!(
        Place,
        r#"SELECT xid::text::bigint AS "xid!", seq FROM audit_cursors WHERE name = 'bets'"#,
    )
    .fetch_optional(db)
    .await?;
    Ok(place.unwrap_or_default())
}

/// Up to `limit` bets behind `from`. Its transaction is a query of its own, so that the planner does not look at its value: it
/// would take it that a transaction changed few bets, and sort all that are left of one that changed many, for each page.
pub(crate) async fn page(
    db: impl PgExecutor<'_>,
    from: Place,
    limit: i64,
) -> Result<Vec<AuditedBet>, sqlx::Error> {
    select_audited!(
        "WHERE (changed_xid, seq) > ((SELECT $1::bigint::text::xid8), $2)
            AND changed_xid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY changed_xid, seq LIMIT $3",
        from.xid,
        from.seq,
        limit,
    )
    .fetch_all(db)
    .await
}

/// These bets as they are now, in no order.
pub(crate) async fn by_ids(db: impl PgExecutor<'_>, ids: &[BetId]) -> Result<Vec<AuditedBet>, sqlx::Error> {
    select_audited!("WHERE bet_id = ANY ($1)", ids as &[BetId]).fetch_all(db).await
}

/// Moves from one place to another, counts how the bets between have ended, and marks their markets. Answers false, and does
/// nothing, when another replica has moved on meanwhile.
pub(crate) async fn pass(db: &mut PgConnection, from: Place, to: Place) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT audit_pass($1::bigint::text::xid8, $2, $3::bigint::text::xid8, $4) AS "passed!""#,
        from.xid,
        from.seq,
        to.xid,
        to.seq,
    )
    .fetch_one(db)
    .await
}

/// How a place stands to the bets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// No transaction has come so far: the bets were restored to an earlier state than the audit's books.
    pub(crate) ahead: bool,
    /// The age of the oldest change behind it; 0 when there is none. Milliseconds.
    pub(crate) lag_ms: i64,
    /// Of a market that was final before this, no change is behind it.
    pub(crate) horizon: DateTime<Utc>,
}

/// How a place stands. Looks at what is committed, also above the watermark.
pub(crate) async fn standing(db: impl PgExecutor<'_>, place: Place) -> Result<Standing, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        r#"SELECT $1::bigint::text::xid8 >= pg_snapshot_xmax(pg_current_snapshot()) AS "ahead!",
            coalesce((
                SELECT greatest(extract(epoch FROM clock_timestamp() - coalesce(closed_at, recorded_at)) * 1000, 1)::bigint
                FROM bets WHERE (changed_xid, seq) > ((SELECT $1::bigint::text::xid8), $2)
                ORDER BY changed_xid, seq LIMIT 1
            ), 0) AS "lag_ms!",
            -- The first in order is not quite the first in time: a transaction lasts for seconds, not for a minute.
            coalesce((
                SELECT coalesce(closed_at, recorded_at) - interval '1 minute'
                FROM bets WHERE (changed_xid, seq) > ((SELECT $1::bigint::text::xid8), $2)
                ORDER BY changed_xid, seq LIMIT 1
            ), statement_timestamp()) AS "horizon!""#,
        place.xid,
        place.seq,
    )
    .fetch_one(db)
    .await
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::postgres;
    use sqlx::PgPool;

    use super::*;
    use crate::store::events;

    /// How many bets were read in this transaction, by whatever plan.
    async fn bets_read(connection: &mut PgConnection) -> i64 {
        let read = "SELECT coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)::bigint
            FROM pg_stat_xact_user_tables WHERE relname ~ '^bets_'";
        sqlx::query_scalar(read).fetch_one(connection).await.unwrap()
    }

    /// As after a restore from a dump, which has all of them written in one transaction.
    #[sqlx::test]
    async fn many_bets_of_one_transaction_are_read_by_the_page(pool: PgPool) {
        for statement in [
            "SELECT tombstone_stakes(array_agg(id), array_agg(id), array_agg(id), array_agg(100::bigint), array_agg(sha256('')))
             FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 20000)) i",
            "ANALYZE bets",
        ] {
            sqlx::query(statement).execute(&pool).await.unwrap();
        }
        let to = loop {
            let to = events::watermark(&pool).await.unwrap();
            if events::page_end(&pool, Place::default(), to, 1).await.unwrap().is_some() {
                break to;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        };
        let mut transaction = postgres::begin(&pool).await.unwrap();
        let (mut from, mut seen) = (Place::default(), 0);
        for _ in 0..10 {
            let bets = page(&mut *transaction, from, 100).await.unwrap();
            (from, seen) = (bets.last().unwrap().place(), seen + bets.len());
            standing(&mut *transaction, from).await.unwrap();
            events::page_end(&mut *transaction, from, to, 100).await.unwrap();
        }
        assert_eq!(seen, 1_000);
        let read = bets_read(&mut transaction).await;
        assert!(read < 5_000, "{read} of 20,000 bets, for 10 times 2 pages of 100");
    }
}

//! What happens to bets, in an order in which nothing is skipped.

use sqlx::PgExecutor;

use super::bets::select_bets;
use crate::domain::Bet;

/// A transaction's number, such that every change below it has been committed or never will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watermark(i64);

/// Where changes can be read to now.
pub(crate) async fn watermark(db: impl PgExecutor<'_>) -> Result<Watermark, sqlx::Error> {
    let xid =
        sqlx::query_scalar!(r#"SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS "xid!""#)
            .fetch_one(db)
            .await?;
    Ok(Watermark(xid))
}

/// The bets that changed last at or after `from` and before `to`, in order.
pub(crate) async fn changes(
    db: impl PgExecutor<'_>,
    from: Watermark,
    to: Watermark,
) -> Result<Vec<Bet>, sqlx::Error> {
    select_bets!(
        "FROM bets WHERE changed_xid >= $1::bigint::text::xid8 AND changed_xid < $2::bigint::text::xid8
         ORDER BY changed_xid, seq",
        from.0,
        to.0,
    )
    .fetch_all(db)
    .await
}

//! What happens to bets, in an order in which nothing is skipped.

use loljoa_service_kit::AccountId;
use sqlx::PgExecutor;

use super::bets::select_bets;
use crate::domain::{Bet, finding::Place};

/// A transaction's number, such that every change below it has been committed or never will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watermark(i64);

impl Watermark {
    /// The place right before every change that is not below the watermark.
    #[must_use]
    pub(crate) const fn place(self) -> Place {
        Place { xid: self.0 - 1, seq: i64::MAX }
    }
}

/// Where changes can be read to now.
pub(crate) async fn watermark(db: impl PgExecutor<'_>) -> Result<Watermark, sqlx::Error> {
    let xid =
        sqlx::query_scalar!(r#"SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS "xid!""#)
            .fetch_one(db)
            .await?;
    Ok(Watermark(xid))
}

/// The end of the next page of up to `limit` changes after `from` and below `to`; none when there is no change. Its
/// transaction is a query of its own for the planner's sake, as in the audit.
pub(crate) async fn page_end(
    db: impl PgExecutor<'_>,
    from: Place,
    to: Watermark,
    limit: i64,
) -> Result<Option<Place>, sqlx::Error> {
    sqlx::query_as!(
        Place,
        r#"SELECT changed_xid::text::bigint AS "xid!", seq AS "seq!" FROM (
            SELECT changed_xid, seq FROM bets
            WHERE (changed_xid, seq) > ((SELECT $1::bigint::text::xid8), $2::bigint)
                AND changed_xid < $3::bigint::text::xid8
            ORDER BY changed_xid, seq LIMIT $4
        ) page ORDER BY changed_xid DESC, seq DESC LIMIT 1"#,
        from.xid,
        from.seq,
        to.0,
        limit,
    )
    .fetch_optional(db)
    .await
}

/// The bets of these accounts that changed last after `from` and up to `to`, in order.
pub(crate) async fn changes(
    db: impl PgExecutor<'_>,
    accounts: &[AccountId],
    from: Place,
    to: Place,
) -> Result<Vec<Bet>, sqlx::Error> {
    select_bets!(
        "FROM bets WHERE (changed_xid, seq) > ($1::bigint::text::xid8, $2::bigint)
            AND (changed_xid, seq) <= ($3::bigint::text::xid8, $4::bigint) AND account_id = ANY ($5)
         ORDER BY changed_xid, seq",
        from.xid,
        from.seq,
        to.xid,
        to.seq,
        accounts as &[AccountId],
    )
    .fetch_all(db)
    .await
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::ids;
    use sqlx::PgPool;

    use super::*;

    /// A tombstone needs no market.
    async fn bet(pool: &PgPool, account: AccountId) {
        sqlx::query(
            "SELECT tombstone_stakes(ARRAY[$1], ARRAY[$2], ARRAY[$1], ARRAY[100::bigint], ARRAY[sha256('')])",
        )
        .bind(ids::fresh())
        .bind(account.0)
        .execute(pool)
        .await
        .unwrap();
    }

    /// Waits until every change can be read: transactions of other stories on the same server hold the watermark back.
    async fn until_readable(pool: &PgPool) -> Watermark {
        loop {
            let to = watermark(pool).await.unwrap();
            let all = sqlx::query_scalar("SELECT bool_and(changed_xid::text::bigint < $1) FROM bets");
            if all.bind(to.0).fetch_one(pool).await.unwrap() {
                return to;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    #[sqlx::test]
    async fn only_bets_of_the_accounts_asked_for_are_read_page_by_page(pool: PgPool) {
        let (mine, other) = (AccountId::fresh(), AccountId::fresh());
        let mut place = watermark(&pool).await.unwrap().place();
        for n in 0..12 {
            bet(&pool, if n % 4 == 0 { mine } else { other }).await;
        }
        let to = until_readable(&pool).await;
        let mut pages = Vec::new();
        while let Some(end) = page_end(&pool, place, to, 5).await.unwrap() {
            let read = changes(&pool, &[mine], place, end).await.unwrap();
            assert!(read.iter().all(|bet| bet.account_id == mine));
            pages.push(read.len());
            place = end;
        }
        // The first, fifth and ninth of twelve changes, in pages of five.
        assert_eq!(pages, [2, 1, 0]);
    }
}

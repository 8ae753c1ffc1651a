//! Taking periods away.

use loljoa_service_kit::MarketId;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// What may stand in the way of archiving a period.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an obstacle of its own")]
pub(crate) struct Standing {
    pub(crate) is_archived: bool,
    pub(crate) is_current: bool,
    /// Whether grants of its last day can still be asked for.
    pub(crate) is_young: bool,
    /// Whether an earlier one is not archived, nor taken away before it.
    pub(crate) has_earlier: bool,
    /// Whether the audit has not seen all of it.
    pub(crate) is_unaudited: bool,
    /// How many accounts and system accounts the audit knows to differ.
    pub(crate) findings: i64,
    /// Whether all of it is counted.
    pub(crate) is_counted: bool,
    /// How many of its stakes, as far as they are counted, have no end.
    pub(crate) open_stakes: i64,
}

/// How a period stands when those that are `taken` are away, if there is one. The grant of a Korean day can be asked for until 15 hours after midnight UTC of that
/// day, and no grant may be given twice: two days are enough whatever the clocks say.
pub(crate) async fn standing(
    executor: impl PgExecutor<'_>,
    period: i32,
    taken: &[i32],
) -> sqlx::Result<Option<Standing>> {
    sqlx::query_as!(
        Standing,
        r#"SELECT archived_at IS NOT NULL AS "is_archived!", ended_at IS NULL AS "is_current!",
            coalesce(ended_at > clock_timestamp() - interval '2 days', false) AS "is_young!",
            EXISTS (
                SELECT FROM periods e
                WHERE e.period < p.period AND e.archived_at IS NULL AND e.period <> ALL ($3)
            ) AS "has_earlier!",
            NOT EXISTS (SELECT FROM audit_cursor WHERE opened = $2) OR (
                SELECT true FROM transfers t WHERE t.period = $1
                    AND (t.xid, t.seq) > ((SELECT xid FROM audit_cursor), (SELECT seq FROM audit_cursor))
                ORDER BY t.xid, t.seq LIMIT 1
            ) IS NOT NULL AS "is_unaudited!",
            (SELECT count(*) FROM audit_balances WHERE difference <> 0)
                + (SELECT count(*) FROM audit_covers WHERE difference <> 0) AS "findings!",
            coalesce((SELECT done FROM period_counts c WHERE c.period = p.period), false) AS "is_counted!",
            (SELECT count(*) FROM period_stakes s
                WHERE s.period = p.period AND NOT stake_has_ended(s.transfer_id, s.bet_id, NULL)) AS "open_stakes!"
        FROM periods p WHERE period = $1"#,
        period,
        Uuid::max(),
        taken,
    )
    .fetch_optional(executor)
    .await
}

/// Lets one at a time archive a period.
pub(crate) async fn hold(connection: &mut PgConnection, period: i32) -> sqlx::Result<()> {
    sqlx::query!("SELECT period FROM periods WHERE period = $1 FOR UPDATE", period)
        .fetch_optional(connection)
        .await?;
    Ok(())
}

/// Takes a counted period away.
///
/// # Errors
///
/// `lock_not_available` when somebody used the tables for too long meanwhile.
pub(crate) async fn archive(connection: &mut PgConnection, period: i32) -> sqlx::Result<()> {
    sqlx::query!("SELECT archive_period($1)", period).execute(connection).await?;
    Ok(())
}

/// How many periods are archived: audits that began before the last of them begin again.
pub(crate) async fn archived(executor: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM periods WHERE archived_at IS NOT NULL"#)
        .fetch_one(executor)
        .await
}

/// The next markets with transfers in a counted period.
pub(crate) async fn markets(
    executor: impl PgExecutor<'_>,
    period: i32,
    after: MarketId,
    limit: i64,
) -> sqlx::Result<Vec<MarketId>> {
    sqlx::query_scalar!(
        r#"SELECT market_id AS "market: MarketId" FROM period_markets
        WHERE period = $1 AND market_id > $2 ORDER BY market_id LIMIT $3"#,
        period,
        after as MarketId,
        limit,
    )
    .fetch_all(executor)
    .await
}

//! Where each consumer of a feed stands.

use std::borrow::Cow;

use sqlx::{PgConnection, PgExecutor, postgres::types::PgInterval};
use uuid::Uuid;

/// A feed that betting follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consumer {
    /// Changes of matches.
    LeagueSchedule,
    /// Changes of questions about whole stages.
    Questions,
    /// Transfers of a cell of the ledger.
    Ledger(u16),
    /// The audit, whose own cursors are elsewhere: only its lease is here.
    Audit,
}

impl Consumer {
    /// Its name in the database.
    #[must_use]
    pub(crate) fn name(self) -> Cow<'static, str> {
        match self {
            Self::LeagueSchedule => "league_schedule".into(),
            Self::Questions => "questions".into(),
            Self::Ledger(0) => "ledger".into(),
            Self::Ledger(cell) => format!("ledger_{cell}").into(),
            Self::Audit => "audit".into(),
        }
    }
}

/// Takes or renews the lease on a feed for `lease_ms`; the cursor, unless another replica has the lease.
pub(crate) async fn lease(
    db: impl PgExecutor<'_>,
    consumer: Consumer,
    replica: Uuid,
    lease_ms: i64,
) -> Result<Option<String>, sqlx::Error> {
    let lease = PgInterval { months: 0, days: 0, microseconds: lease_ms * 1_000 };
    sqlx::query_scalar!(
        "UPDATE feed_cursors SET holder = $2, leased_until = clock_timestamp() + $3
         WHERE consumer = $1 AND (holder = $2 OR leased_until < clock_timestamp())
         RETURNING cursor",
        &consumer.name(),
        replica,
        lease,
    )
    .fetch_optional(db)
    .await
}

/// Lets another replica go on at once.
pub(crate) async fn release(
    db: impl PgExecutor<'_>,
    consumer: Consumer,
    replica: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE feed_cursors SET leased_until = '-infinity' WHERE consumer = $1 AND holder = $2",
        &consumer.name(),
        replica,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Moves a cursor, first in the transaction of what was read, and answers whether it still stood where it was read from.
pub(crate) async fn advance(
    db: &mut PgConnection,
    consumer: Consumer,
    from: &str,
    to: &str,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query!(
        "UPDATE feed_cursors SET cursor = $3 WHERE consumer = $1 AND cursor = $2",
        &consumer.name(),
        from,
        to,
    )
    .execute(db)
    .await?;
    Ok(moved.rows_affected() == 1)
}

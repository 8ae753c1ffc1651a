//! Deleting what is dead, in bounded chunks.

use std::time::Duration;

use chrono::TimeDelta;
use loljoa_service_kit::Clock;
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::throttle,
    store::{login_failures, sessions},
};

const EVERY: Duration = Duration::from_mins(10);
const CHUNK: i64 = 1_000;
/// Sessions are kept for a while after their end, for whoever looks into a complaint.
const KEEP_SESSIONS: TimeDelta = TimeDelta::days(1);

/// Deletes expired sessions and forgotten failures until `shutdown`. Replicas do not get into each other's way.
pub(crate) async fn run(pool: PgPool, clock: Clock, throttle: throttle::Policy, shutdown: CancellationToken) {
    let mut ticks = time::interval(EVERY);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = clean_up(&pool, &clock, throttle).await {
            tracing::warn!(%error, "old sessions could not be deleted");
        }
    }
}

pub(crate) async fn clean_up(pool: &PgPool, clock: &Clock, throttle: throttle::Policy) -> sqlx::Result<()> {
    let now = clock.now();
    while is_full(sessions::delete_expired(pool, now - KEEP_SESSIONS, CHUNK).await?) {}
    while is_full(login_failures::delete_older(pool, now - throttle.forgets_after(), CHUNK).await?) {}
    Ok(())
}

fn is_full(deleted: u64) -> bool {
    deleted >= CHUNK.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    #[sqlx::test]
    async fn only_what_is_long_dead_is_deleted(pool: PgPool) {
        let now: DateTime<Utc> = "2022-03-16T12:00:00Z".parse().unwrap();
        sqlx::raw_sql(
            "INSERT INTO users VALUES (gen_random_uuid(), 'faker', 'faker', '', 'user', now());
            INSERT INTO sessions SELECT gen_random_uuid(), account_id, now(), timestamptz '2022-03-15T11:59Z', NULL
                FROM users, generate_series(1, 2500);
            INSERT INTO sessions SELECT gen_random_uuid(), account_id, now(), timestamptz '2022-03-15T12:01Z', NULL
                FROM users;
            INSERT INTO refresh_tokens SELECT session_id::text::bytea, session_id, now() FROM sessions;
            INSERT INTO login_failures VALUES ('faker', 'old', 1, '2022-03-16T11:49Z'), ('faker', 'new', 1, '2022-03-16T11:51Z')",
        )
        .execute(&pool)
        .await
        .unwrap();
        let throttle = crate::config::Throttle::default().policy();
        clean_up(&pool, &Clock::fixed(now), throttle).await.unwrap();
        let left: (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM refresh_tokens),
                (SELECT count(*) FROM login_failures)",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(left, (1, 1, 1));
    }
}

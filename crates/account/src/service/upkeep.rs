//! What is to be done now and then: turning the year, and deleting what is dead, in bounded chunks.

use std::time::Duration;

use chrono::TimeDelta;
use loljoa_service_kit::{Clock, postgres};
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::skeletons;
use crate::{
    domain::{session::KEEP_USED, throttle},
    periods,
    store::{login_failures, sessions},
};

const EVERY: Duration = Duration::from_mins(10);
/// Rows that one statement deletes.
const CHUNK: i64 = 1_000;
/// Sessions that are deleted together.
const SESSIONS: i64 = 100;
/// The pause after each statement, so that much to delete takes time and not the database.
const BREATH: Duration = Duration::from_millis(20);
/// Sessions are kept for a while after their end, for whoever looks into a complaint.
const KEEP_SESSIONS: TimeDelta = TimeDelta::days(1);

/// Turns the year, and deletes sessions that are over, used tokens and forgotten failures, until `shutdown`. Replicas do not get into each
/// other's way.
pub(crate) async fn run(pool: PgPool, clock: Clock, throttle: throttle::Policy, shutdown: CancellationToken) {
    let mut ticks = time::interval(EVERY);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Some(Err(error)) = postgres::unless_lost(periods::keep_up(&pool)).await {
            tracing::error!(event = "period.not_turned", %error, "the year could not be turned");
        }
        if let Some(Err(error)) = postgres::unless_lost(skeletons::fill_in(&pool)).await {
            tracing::warn!(
                event = "usernames.not_renewed",
                %error, "names could not be given what they look like"
            );
        }
        if let Some(Err(error)) = postgres::unless_lost(clean_up(&pool, &clock, throttle)).await {
            tracing::warn!(event = "session.not_deleted", %error, "old sessions could not be deleted");
        }
    }
}

async fn clean_up(pool: &PgPool, clock: &Clock, throttle: throttle::Policy) -> sqlx::Result<()> {
    let now = clock.now();
    loop {
        let dead = sessions::over(pool, now - KEEP_SESSIONS, SESSIONS).await?;
        // A session can have thousands of tokens, so they go before it does, and not in its wake.
        while is_full(sessions::delete_tokens(pool, &dead, CHUNK).await?) {
            time::sleep(BREATH).await;
        }
        // Where another replica is at the same ones, it ends its work.
        if sessions::delete(pool, &dead).await? == 0 {
            break;
        }
        time::sleep(BREATH).await;
    }
    while is_full(sessions::delete_all_used(pool, now - KEEP_USED, CHUNK).await?) {
        time::sleep(BREATH).await;
    }
    while is_full(login_failures::delete_older(pool, now - throttle.forgets_after(), CHUNK).await?) {
        time::sleep(BREATH).await;
    }
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
            INSERT INTO sessions SELECT gen_random_uuid(), account_id, now(), timestamptz '2022-04-01', ended::timestamptz
                FROM users, unnest(ARRAY['2022-03-15T11:59Z', '2022-03-15T12:01Z', NULL]) ended;
            INSERT INTO refresh_tokens SELECT session_id::text::bytea, session_id, now() FROM sessions;
            INSERT INTO refresh_tokens SELECT (session_id::text || n)::bytea, session_id, now(),
                    timestamptz '2022-03-16T11:58:59Z' + n * interval '2 s'
                FROM sessions, generate_series(0, 1) n WHERE expires_at = '2022-04-01' AND revoked_at IS NULL;
            INSERT INTO login_failures VALUES ('faker', 'old', 1, '2022-03-16T11:49Z'), ('faker', 'new', 1, '2022-03-16T11:51Z')",
        )
        .execute(&pool)
        .await
        .unwrap();
        let throttle = crate::config::Throttle::default().policies().account;
        clean_up(&pool, &Clock::fixed(now), throttle).await.unwrap();
        let left: (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM refresh_tokens),
                (SELECT count(*) FROM login_failures)",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(
            left,
            (3, 4, 1),
            "of the tokens that were used, the one that was used within the minute is left"
        );
    }

    #[sqlx::test]
    async fn no_statement_deletes_more_than_a_chunk(pool: PgPool) {
        let now: DateTime<Utc> = "2022-03-16T12:00:00Z".parse().unwrap();
        sqlx::raw_sql(
            "INSERT INTO users VALUES (gen_random_uuid(), 'faker', 'faker', '', 'user', now());
            INSERT INTO sessions SELECT gen_random_uuid(), account_id, now(), timestamptz '2022-03-10T12:00Z', NULL
                FROM users, generate_series(1, 3);
            INSERT INTO refresh_tokens SELECT (session_id::text || n)::bytea, session_id, now(), now()
                FROM sessions, generate_series(1, 2500) n;
            INSERT INTO login_failures SELECT 'faker', n::text, 1, '2022-03-10T12:00Z' FROM generate_series(1, 2500) n;
            CREATE TABLE deletions (rows bigint);
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN INSERT INTO deletions SELECT count(*) FROM gone; RETURN NULL; END $$;
            CREATE TRIGGER note AFTER DELETE ON refresh_tokens REFERENCING OLD TABLE AS gone EXECUTE FUNCTION note();
            CREATE TRIGGER note AFTER DELETE ON sessions REFERENCING OLD TABLE AS gone EXECUTE FUNCTION note();
            CREATE TRIGGER note AFTER DELETE ON login_failures REFERENCING OLD TABLE AS gone EXECUTE FUNCTION note()",
        )
        .execute(&pool)
        .await
        .unwrap();
        clean_up(&pool, &Clock::fixed(now), crate::config::Throttle::default().policies().account)
            .await
            .unwrap();
        let (most, all): (i64, i64) = sqlx::query_as("SELECT max(rows), sum(rows)::bigint FROM deletions")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!((most, all), (CHUNK, 3 + 3 * 2_500 + 2_500));
    }
}

//! Has the period of bets follow the calendar: a partition is there before it is needed, and a new period begins when it is due.

use std::time::Duration;

use loljoa_service_kit::postgres;
use metrics::gauge;
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::store::{lanes::gave_up_waiting, periods as store};

const EVERY: Duration = Duration::from_mins(1);
/// A clock that is further ahead than this is wrong: a period that has begun cannot be taken back.
const MOST_YEARS: i32 = 10;

/// Runs until `closing`. Every replica does so; what one has done is nothing to do for the others.
pub(crate) async fn run(pool: PgPool, closing: CancellationToken) {
    let mut ticks = time::interval(EVERY);
    ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        let looking = postgres::unless_lost(look(&pool));
        match closing.run_until_cancelled(looking).await {
            Some(Some(Err(error))) if gave_up_waiting(&error) => {
                tracing::info!(
                    event = "period.postponed",
                    "the period is changed a minute later: bets are being recorded"
                );
            }
            Some(Some(Err(error))) => tracing::warn!(
                event = "period.failed",
                %error, "the period of bets could not be looked after"
            ),
            _ => {}
        }
    }
}

/// Makes partitions ahead of time, and begins the period that is due.
async fn look(pool: &PgPool) -> Result<(), sqlx::Error> {
    let (current, due) = store::now(pool).await?;
    let current = follow(pool, current, due).await?;
    gauge!("loljoa_current_period", "service" => "betting").set(current);
    Ok(())
}

/// Brings the `current` period to the one that is `due`, and answers which one goes on.
async fn follow(pool: &PgPool, current: i32, due: i32) -> Result<i32, sqlx::Error> {
    if due > current + MOST_YEARS {
        tracing::error!(
            event = "period.not_turned",
            due,
            current,
            "the year could not be turned: the database's clock is far ahead"
        );
        return Ok(current);
    }
    let next = current.max(due);
    for period in [next, next + 1] {
        if period > current && add_partition(pool, period).await? {
            tracing::info!(event = "period.made", period, "made the partition of a period of bets");
        }
    }
    if next > current && begin(pool, next).await? {
        tracing::info!(event = "period.begun", period = next, ended = current, "a period of bets began");
    }
    Ok(next)
}

async fn add_partition(pool: &PgPool, period: i32) -> Result<bool, sqlx::Error> {
    let mut transaction = postgres::begin(pool).await?;
    store::be_brief(&mut transaction).await?;
    let made = store::add_partition(&mut *transaction, period).await?;
    transaction.commit().await?;
    Ok(made)
}

async fn begin(pool: &PgPool, period: i32) -> Result<bool, sqlx::Error> {
    let mut transaction = postgres::begin(pool).await?;
    store::be_brief(&mut transaction).await?;
    let began = store::begin(&mut *transaction, period).await?;
    transaction.commit().await?;
    Ok(began)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn partitions(pool: &PgPool) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'bets'::regclass ORDER BY 1",
        )
        .fetch_all(pool)
        .await
        .unwrap()
    }

    #[sqlx::test]
    async fn the_partition_of_the_next_period_is_always_there_and_a_year_that_nobody_saw_is_passed_over(
        pool: PgPool,
    ) {
        let (first, due) = store::now(&pool).await.unwrap();
        assert_eq!(first, due);
        let named = |periods: &[i32]| periods.iter().map(|it| format!("bets_{it}")).collect::<Vec<_>>();
        assert_eq!(partitions(&pool).await, named(&[first, first + 1]));
        for (due, period, there) in [
            (first, first, vec![first, first + 1]),
            (first + 1, first + 1, vec![first, first + 1, first + 2]),
            // Never backwards.
            (first, first + 1, vec![first, first + 1, first + 2]),
            (first + 4, first + 4, vec![first, first + 1, first + 2, first + 4, first + 5]),
            // A clock that is wrong.
            (first + 15, first + 4, vec![first, first + 1, first + 2, first + 4, first + 5]),
        ] {
            let (current, _) = store::now(&pool).await.unwrap();
            assert_eq!(follow(&pool, current, due).await.unwrap(), period);
            assert_eq!(store::now(&pool).await.unwrap().0, period);
            assert_eq!(partitions(&pool).await, named(&there));
        }
        let periods = crate::periods::list(&pool).await.unwrap();
        let is_over: Vec<_> = periods.iter().map(|it| (it.period - first, it.ended_at.is_some())).collect();
        assert_eq!(is_over, [(0, true), (1, true), (4, false)]);
    }

    #[sqlx::test]
    async fn replicas_that_see_the_year_change_together_begin_one_period(pool: PgPool) {
        let (first, _) = store::now(&pool).await.unwrap();
        let all = (0..6).map(|_| follow(&pool, first, first + 1));
        for followed in futures::future::join_all(all).await {
            // One that came too early finds what the others did the next time.
            assert!(
                followed.as_ref().is_ok_and(|it| *it == first + 1)
                    || followed.is_err_and(|it| gave_up_waiting(&it))
            );
        }
        assert_eq!(store::now(&pool).await.unwrap().0, first + 1);
        assert_eq!(crate::periods::list(&pool).await.unwrap().len(), 2);
        assert_eq!(partitions(&pool).await.len(), 3);
    }
}

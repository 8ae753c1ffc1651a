//! The periods that the ledger is kept in, and taking old ones away.
//!
//! A period is a year's transfers and results in tables of their own. One that has ended never changes: it is counted in
//! pages, and then taken out of the ledger in one short commit, from which on its sums stand for it. Nothing is dropped.

mod turn;

use std::time::Duration;

use loljoa_service_kit::{Error, MarketId, postgres};
use sqlx::PgPool;
use tokio::time;
use uuid::Uuid;

pub use crate::domain::period::Period;
use crate::store::periods::{
    self,
    archive::{self, Standing},
    count,
};
pub(crate) use turn::keep_up;

/// Transfers or results counted in one commit.
const CHUNK: i64 = 10_000;
/// How often a lock that was not to be had is asked for, and the pause between.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(200);
/// PostgreSQL's code for a lock that was not to be had in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// All periods, the oldest first.
///
/// # Errors
///
/// When the database does not answer.
pub async fn list(pool: &PgPool) -> sqlx::Result<Vec<Period>> {
    postgres::bounded(periods::list(pool)).await
}

/// Why a period cannot be archived once those that are `taken` are away, in sentences; nothing when it can, or is. Stakes are
/// only known once they are counted.
///
/// # Errors
///
/// When the database does not answer.
pub async fn obstacles(pool: &PgPool, period: i32, taken: &[i32]) -> sqlx::Result<Vec<String>> {
    Ok(in_words(period, archive::standing(pool, period, taken).await?))
}

fn in_words(period: i32, standing: Option<Standing>) -> Vec<String> {
    let Some(standing) = standing else { return vec![format!("there is no period {period}")] };
    if standing.is_archived {
        return Vec::new();
    }
    if standing.is_current {
        return vec!["it has not ended".to_owned()];
    }
    let said = [
        (standing.has_earlier, "an earlier period is not archived yet".to_owned()),
        (
            standing.is_young,
            "it ended less than two days ago, and grants of its last day may come again".to_owned(),
        ),
        (standing.is_unaudited, "the continuous audit has not seen all of it".to_owned()),
        (standing.findings > 0, format!("the continuous audit knows of {} differences", standing.findings)),
        (standing.open_stakes > 0, format!("{} of its stakes have no end yet", standing.open_stakes)),
    ];
    said.into_iter().filter_map(|(is_so, sentence)| is_so.then_some(sentence)).collect()
}

/// Counts what a period has done, if it has ended, and tells how many rows more are counted, again and again. What was
/// counted before is not counted again.
///
/// # Errors
///
/// When the database does not answer.
pub async fn count(pool: &PgPool, period: i32, progress: impl FnMut(u64)) -> sqlx::Result<()> {
    count_by(pool, period, CHUNK, progress).await
}

async fn count_by(pool: &PgPool, period: i32, chunk: i64, mut progress: impl FnMut(u64)) -> sqlx::Result<()> {
    count::begin(pool, period).await?;
    while let Some(counted) = postgres::retrying(|| count_some(pool, period, chunk)).await? {
        progress(counted.unsigned_abs());
    }
    Ok(())
}

/// Counts a page in one commit; none when there is nothing left.
async fn count_some(pool: &PgPool, period: i32, chunk: i64) -> sqlx::Result<Option<i64>> {
    let mut transaction = postgres::begin(pool).await?;
    let Some(counted) = count::hold(&mut transaction, period).await?.filter(|counted| !counted.is_done)
    else {
        return Ok(None);
    };
    let mut more = count::transfers(&mut transaction, period, counted.transfers, chunk).await?;
    if more == 0 {
        more = count::results(&mut transaction, period, counted.results, chunk).await?;
    }
    if more == 0 {
        count::finish(&mut transaction, period).await?;
    }
    transaction.commit().await?;
    Ok((more > 0).then_some(more))
}

/// The next markets, in the order of their ids, with transfers in a period that is counted.
///
/// # Errors
///
/// When the database does not answer.
pub async fn markets(
    pool: &PgPool,
    period: i32,
    after: Option<MarketId>,
    limit: i64,
) -> sqlx::Result<Vec<MarketId>> {
    archive::markets(pool, period, after.unwrap_or(MarketId(Uuid::nil())), limit).await
}

/// Counts a period and takes it away; nothing when that is done already. Whoever interrupts it may begin again.
///
/// The caller has seen to it that betting has archived all of its [`markets`].
///
/// # Errors
///
/// `period_not_archivable` when there are [`obstacles`], `lock_not_available` when the tables were in use all the time.
pub async fn archive(pool: &PgPool, period: i32, progress: impl FnMut(u64)) -> Result<(), Error> {
    count(pool, period, progress).await?;
    for _ in 0..ATTEMPTS {
        match archive_counted(pool, period).await {
            Ok(obstacles) if obstacles.is_empty() => return Ok(()),
            Ok(obstacles) => return Err(Error::conflict("period_not_archivable", obstacles.join("; "))),
            Err(error) if is_locked(&error) => time::sleep(PAUSE).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::conflict("lock_not_available", "the ledger's tables were in use all the time"))
}

/// Takes a counted period away, in one commit, or tells why not.
async fn archive_counted(pool: &PgPool, period: i32) -> sqlx::Result<Vec<String>> {
    let mut transaction = postgres::begin(pool).await?;
    archive::hold(&mut transaction, period).await?;
    let standing = archive::standing(&mut *transaction, period, &[]).await?;
    if standing.is_some_and(|standing| standing.is_archived) {
        return Ok(Vec::new());
    }
    let mut obstacles = in_words(period, standing);
    if standing.is_some_and(|standing| !standing.is_counted && !standing.is_current) {
        obstacles.push("it is not counted".to_owned());
    }
    if obstacles.is_empty() {
        archive::archive(&mut transaction, period).await?;
        transaction.commit().await?;
    }
    Ok(obstacles)
}

fn is_locked(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == LOCK_NOT_AVAILABLE)
}

#[cfg(test)]
mod tests;

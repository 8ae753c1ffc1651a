//! Periods of bets, and how one is archived: for `loljoa admin periods`.
//!
//! A period's bets are one partition. Archiving keeps each market's sums and detaches it; markets, outcomes and their final
//! pools stay as they are. What is detached lies in the schema `archive`, for a person to dump and drop.

use std::{collections::HashSet, time::Duration};

use chrono::{DateTime, Utc};
use loljoa_service_kit::{Error, MarketId, Points, postgres};
use sqlx::PgPool;
use tokio::time;

use crate::store::{audit_pools, lanes::gave_up_waiting, periods as store};

/// How often summing begins anew because bets have changed.
const ATTEMPTS: u32 = 3;
/// How often the last step is tried while somebody works on bets.
const DETACH_ATTEMPTS: u32 = 60;
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A period of bets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// The year in which it began.
    pub period: i32,
    /// When its first market could be opened.
    pub began_at: DateTime<Utc>,
    /// Since when markets are opened in a later one; none while it goes on.
    pub ended_at: Option<DateTime<Utc>>,
    /// When its bets were archived.
    pub archived_at: Option<DateTime<Utc>>,
    /// How many bets it has, or had when they were archived. An estimate where there are very many.
    pub rows: i64,
    /// How much room they take, or took, with their indexes.
    pub bytes: i64,
}

/// What a period's bets come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Markets with bets.
    pub markets: i64,
    /// Bets of every kind.
    pub bets: i64,
    /// What the bets that stood to the end staked.
    pub staked: Points,
    /// What they got.
    pub returned: Points,
}

/// All periods, the oldest first.
///
/// # Errors
///
/// When the database does not answer.
pub async fn list(pool: &PgPool) -> Result<Vec<Period>, sqlx::Error> {
    store::list(pool).await
}

/// Why a period cannot be archived yet, as sentences. None: it can, or has been.
///
/// # Errors
///
/// When the database does not answer.
pub async fn obstacles(pool: &PgPool, period: i32) -> Result<Vec<String>, sqlx::Error> {
    store::obstacles(pool, period).await
}

/// Those of these markets whose bets have been archived.
///
/// # Errors
///
/// When the database does not answer.
pub async fn archived_markets(pool: &PgPool, markets: &[MarketId]) -> Result<HashSet<MarketId>, sqlx::Error> {
    Ok(store::archived(pool, markets).await?.into_keys().collect())
}

/// Those of these markets that were opened in a later period.
///
/// # Errors
///
/// When the database does not answer.
pub async fn markets_after(
    pool: &PgPool,
    period: i32,
    markets: &[MarketId],
) -> Result<Vec<MarketId>, sqlx::Error> {
    store::markets_after(pool, period, markets).await
}

/// Archives a period: sums its bets market by market, telling `progress` how many bets have been summed, and detaches them in one
/// short commit. Called again after it was interrupted it goes on where it was, and afterwards it does nothing.
///
/// # Errors
///
/// `period_not_archivable` with what stands in the way; `period_differs` when a market does not agree with its bets;
/// `unavailable` when bets go on changing, or are worked on without end.
pub async fn archive(pool: &PgPool, period: i32, mut progress: impl FnMut(u64)) -> Result<Sums, Error> {
    for _ in 0..ATTEMPTS {
        let (sums, is_archived) = store::sums(pool, period).await?;
        if is_archived {
            return Ok(sums);
        }
        refuse(&store::obstacles(pool, period).await?)?;
        store::begin_archiving(pool, period).await?;
        sum(pool, period, &mut progress).await?;
        if detach(pool, period).await? {
            return Ok(store::sums(pool, period).await?.0);
        }
    }
    Err(Error::unavailable("bets of the period go on changing"))
}

fn refuse(obstacles: &[String]) -> Result<(), Error> {
    if obstacles.is_empty() {
        return Ok(());
    }
    Err(Error::conflict("period_not_archivable", obstacles.join("; ")))
}

/// Sums what has yet to be summed, each market in a commit of its own.
async fn sum(pool: &PgPool, period: i32, progress: &mut impl FnMut(u64)) -> Result<(), Error> {
    while let Some(market) = store::next_market(pool, period).await? {
        if let Some(difference) = audit_pools::differences(pool, &[market]).await?.first() {
            let message = format!("{difference:?} stands in the way");
            return Err(Error::conflict("period_differs", message));
        }
        let mut transaction = postgres::begin(pool).await?;
        store::sum(&mut transaction, period, market).await?;
        transaction.commit().await?;
        let (sums, _) = store::sums(pool, period).await?;
        progress(sums.bets.unsigned_abs());
    }
    Ok(())
}

/// Detaches a period as soon as nobody works on bets. Answers false when bets have changed since they were summed.
async fn detach(pool: &PgPool, period: i32) -> Result<bool, Error> {
    for _ in 0..DETACH_ATTEMPTS {
        match try_to_detach(pool, period).await {
            Err(Attempt::Waits) => time::sleep(TRY_AGAIN_AFTER).await,
            Err(Attempt::Failed(error)) => return Err(error),
            Ok(detached) => return Ok(detached),
        }
    }
    Err(Error::unavailable("somebody works on bets all the time"))
}

/// Why a period was not detached.
enum Attempt {
    /// A lock was not to be had in time.
    Waits,
    /// For good.
    Failed(Error),
}

impl From<sqlx::Error> for Attempt {
    fn from(error: sqlx::Error) -> Self {
        if gave_up_waiting(&error) { Self::Waits } else { Self::Failed(error.into()) }
    }
}

async fn try_to_detach(pool: &PgPool, period: i32) -> Result<bool, Attempt> {
    let mut transaction = postgres::begin(pool).await?;
    store::displace_vacuum(&mut transaction, period).await?;
    store::be_instant(&mut transaction).await?;
    store::lock(&mut transaction).await?;
    refuse(&store::obstacles(&mut *transaction, period).await?).map_err(Attempt::Failed)?;
    let detached = store::detach(&mut transaction, period).await?;
    if detached {
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    Ok(detached)
}

//! Replays: their timeline, and how far each was driven.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::domain::replay::Timeline;

/// A replay as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// When its matches start and end.
    pub timeline: Timeline,
    /// Until when its matches are as the timeline has them.
    pub last_tick: DateTime<Utc>,
    /// Whether its last match has ended.
    pub finished: bool,
}

/// The replay of `season`, which has `matches` matches, locked until the transaction ends.
///
/// # Errors
///
/// When the database does not answer.
pub async fn lock(
    db: &mut PgConnection,
    season: &str,
    matches: usize,
) -> Result<Option<Replay>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT epoch, interval_ms, duration_ms, first_match, last_tick, finished
         FROM replays WHERE season = $1 FOR NO KEY UPDATE",
        season
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Replay {
        timeline: Timeline {
            epoch: row.epoch,
            interval: TimeDelta::milliseconds(row.interval_ms),
            duration: TimeDelta::milliseconds(row.duration_ms),
            first: usize::try_from(row.first_match).unwrap_or_default(),
            matches,
        },
        last_tick: row.last_tick,
        finished: row.finished,
    }))
}

/// Adds the replay of `season`; false when there is one already.
///
/// # Errors
///
/// When the database does not answer.
pub async fn add(
    db: &mut PgConnection,
    season: &str,
    timeline: &Timeline,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query!(
        "INSERT INTO replays (season, epoch, interval_ms, duration_ms, first_match, last_tick)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (season) DO NOTHING",
        season,
        timeline.epoch,
        timeline.interval.num_milliseconds(),
        timeline.duration.num_milliseconds(),
        i32::try_from(timeline.first).unwrap_or(i32::MAX),
        now,
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Remembers how far the replay was driven.
///
/// # Errors
///
/// When the database does not answer.
pub async fn tick(
    db: &mut PgConnection,
    season: &str,
    epoch: DateTime<Utc>,
    now: DateTime<Utc>,
    finished: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE replays SET epoch = $2, last_tick = $3, finished = $4 WHERE season = $1",
        season,
        epoch,
        now,
        finished,
    )
    .execute(db)
    .await?;
    Ok(())
}

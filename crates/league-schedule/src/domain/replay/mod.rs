//! The time of a replay: a season moved so that it runs now.
//!
//! Match `i` starts at `epoch + (i - first) * interval` and lasts `duration`; those before `first` are over from the
//! beginning. The games of a match are equally long. While nobody drives it, a replay pauses: the epoch moves by the gap,
//! so that what had not ended moves later by exactly as much.

use chrono::{DateTime, TimeDelta, Utc};

/// When each match of a replayed season starts and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// The start of match `first`.
    pub epoch: DateTime<Utc>,
    /// From one start to the next.
    pub interval: TimeDelta,
    /// From a start to its end.
    pub duration: TimeDelta,
    /// The first match that is not over from the beginning.
    pub first: usize,
    /// How many matches the season has.
    pub matches: usize,
}

/// How far a match is at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Before its start.
    Ahead,
    /// From its start on, before its end.
    Playing,
    /// From its end on.
    Over,
}

impl Timeline {
    /// When match `index` starts.
    #[must_use]
    pub fn start(&self, index: usize) -> DateTime<Utc> {
        let steps = count(index) - count(self.first);
        self.epoch + self.interval * steps
    }

    /// When match `index` ends.
    #[must_use]
    pub fn end(&self, index: usize) -> DateTime<Utc> {
        self.start(index) + self.duration
    }

    /// How far match `index` is at `now`.
    #[must_use]
    pub fn phase(&self, index: usize, now: DateTime<Utc>) -> Phase {
        if index < self.first || now >= self.end(index) {
            Phase::Over
        } else if now >= self.start(index) {
            Phase::Playing
        } else {
            Phase::Ahead
        }
    }

    /// How many of the `games` of match `index` are over at `now`. The last ends with the match.
    #[must_use]
    pub fn games_over(&self, index: usize, games: usize, now: DateTime<Utc>) -> usize {
        match self.phase(index, now) {
            Phase::Ahead => 0,
            Phase::Playing => {
                let played = i128::from((now - self.start(index)).num_microseconds().unwrap_or(i64::MAX));
                let whole = i128::from(self.duration.num_microseconds().unwrap_or(i64::MAX)).max(1);
                let over = played * i128::try_from(games).unwrap_or_default() / whole;
                usize::try_from(over).unwrap_or_default().min(games)
            }
            Phase::Over => games,
        }
    }

    /// The matches that differ between `then` and `now`, by their phase or by how many of their `games` are over.
    #[must_use]
    pub fn due(&self, then: DateTime<Utc>, now: DateTime<Utc>, games: impl Fn(usize) -> usize) -> Vec<usize> {
        let differs = |index: &usize| match (self.phase(*index, then), self.phase(*index, now)) {
            (Phase::Playing, Phase::Playing) => {
                let games = games(*index);
                self.games_over(*index, games, then) != self.games_over(*index, games, now)
            }
            (before, after) => before != after,
        };
        (0..self.matches).filter(differs).collect()
    }

    /// The matches that have not ended at `now`.
    #[must_use]
    pub fn remaining(&self, now: DateTime<Utc>) -> Vec<usize> {
        (0..self.matches).filter(|index| self.phase(*index, now) != Phase::Over).collect()
    }

    /// Whether every match has ended at `now`.
    #[must_use]
    pub fn is_finished(&self, now: DateTime<Utc>) -> bool {
        self.remaining(now).is_empty()
    }

    /// The timeline after a pause of `gap`.
    #[must_use]
    pub fn paused_for(&self, gap: TimeDelta) -> Self {
        Self { epoch: self.epoch + gap, ..self.clone() }
    }
}

fn count(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;

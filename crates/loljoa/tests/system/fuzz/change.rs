//! What can change of a match.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};

use super::line::{Ending, Line};

/// A change of one thing. On a match that is told so already it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It starts so much after the present, or before it.
    Start(TimeDelta),
    /// It has another length.
    BestOf(u8),
    /// It is part of another week, or stage.
    Block(&'static str),
    /// Each team is on the other's side.
    Swap,
    /// Another team plays on this side.
    Team(usize, &'static str),
    /// It is to be decided who plays on this side.
    Undecided(usize),
    /// It has ended so.
    End(Ending),
}

impl Change {
    /// Something that may well happen to this match.
    pub(super) fn random(line: &Line, random: &mut StdRng) -> Self {
        let side = random.random_range(0..2);
        let undecided = line.teams.iter().position(Option::is_none);
        if let Some(undecided) = undecided.filter(|_| random.random()) {
            return Self::Team(undecided, a_team(line, random));
        }
        match random.random_range(0..100) {
            0..16 if line.is_over() => Self::End(Ending::random(line.best_of, random)),
            0..34 => Self::Start(another_start(random)),
            34..52 => Self::BestOf(a_length(random)),
            52..60 => Self::Swap,
            60..72 => Self::Team(side, a_team(line, random)),
            72..80 => Self::Undecided(side),
            80..86 => Self::Block(line.room.blocks.choose(random).unwrap()),
            _ => Self::End(Ending::random(line.best_of, random)),
        }
    }

    /// What it is called.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Start(_) => "start",
            Self::BestOf(_) => "best of",
            Self::Block(_) => "block",
            Self::Swap => "sides swapped",
            Self::Team(..) => "team",
            Self::Undecided(_) => "team undecided",
            Self::End(Ending { is_forfeit: true, .. }) => "forfeit",
            Self::End(_) => "result",
        }
    }

    /// The line once it has changed, at `now`.
    pub(super) fn on(self, line: &Line, now: DateTime<Utc>) -> Line {
        let mut line = line.clone();
        match self {
            Self::Start(from_now) => line.starts_at = whole_millis(now + from_now),
            Self::BestOf(best_of) => line.best_of = best_of,
            Self::Block(block) => line.block = block,
            Self::Swap => line.swap(),
            Self::Team(side, code) => line.teams[side] = Some(code),
            Self::Undecided(side) => line.teams[side] = None,
            Self::End(ending) => line.ending = Some(ending),
        }
        line
    }
}

pub(super) fn whole_millis(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::milliseconds(1)).unwrap()
}

fn a_team(line: &Line, random: &mut StdRng) -> &'static str {
    line.room.teams.choose(random).unwrap()
}

fn a_length(random: &mut StdRng) -> u8 {
    *[1, 3, 5].choose(random).unwrap()
}

/// Mostly far, sometimes soon, just past, or so long ago that nobody takes the match for begun.
fn another_start(random: &mut StdRng) -> TimeDelta {
    match random.random_range(0..10) {
        0..4 => TimeDelta::minutes(random.random_range(60..20_000)),
        4 | 5 => TimeDelta::milliseconds(random.random_range(100..2_000)),
        6..9 => -TimeDelta::milliseconds(random.random_range(1..3_000)),
        _ => -TimeDelta::hours(random.random_range(1..72)),
    }
}

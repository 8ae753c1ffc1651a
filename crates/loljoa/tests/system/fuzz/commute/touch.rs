//! A change that is the same on whatever the match has become: it names teams, not sides, and times, not delays.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};

use crate::fuzz::line::{Ending, Line, TEAMS};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    Start(DateTime<Utc>),
    BestOf(u8),
    Block(&'static str),
    Swap,
    /// Another team plays instead of this one.
    Replace(&'static str, &'static str),
    /// Who plays instead of this team is to be decided.
    Undecide(&'static str),
    /// This team has won, and the other so many sets; or has not played.
    Won(&'static str, u8, bool),
    /// By hand, since no file can say so.
    Cancel,
}

impl Touch {
    /// Something that can happen to this match.
    pub(super) fn random(line: &Line, random: &mut StdRng) -> Self {
        let known: Vec<_> = line.teams.iter().flatten().copied().collect();
        let one = *known.choose(random).unwrap();
        let other = another_team(line, random);
        match random.random_range(0..9) {
            0 => Self::Start(line.starts_at + TimeDelta::minutes(random.random_range(-600..6_000))),
            1 => Self::BestOf(*[1, 3, 5].choose(random).unwrap()),
            2 => Self::Block(line.room.blocks.choose(random).unwrap()),
            3 => Self::Swap,
            4 => Self::Replace(one, other),
            5 => Self::Undecide(one),
            6 if known.len() == 2 => Self::Won(one, random.random_range(0..=line.best_of / 2), false),
            7 if known.len() == 2 => Self::Won(one, 0, true),
            _ => Self::Cancel,
        }
    }

    /// Whether this and `other` change different things of one match, so that either may come first. A match's length and teams
    /// tell what its result, or its end without one, means: those have an order.
    pub(super) fn commutes_with(&self, other: &Self) -> bool {
        self.goes_with(other) || other.goes_with(self)
    }

    fn goes_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Block(_), Self::Block(_)) | (Self::Start(_), Self::Start(_)) => false,
            (Self::Block(_) | Self::Start(_), _)
            | (Self::BestOf(_), Self::Swap | Self::Replace(..) | Self::Undecide(_))
            | (Self::Swap, Self::Won(..) | Self::Cancel) => true,
            (Self::Replace(one, to), Self::Replace(other, into)) => one != other && to != into,
            (Self::Replace(one, _), Self::Undecide(other)) => one != other,
            _ => false,
        }
    }

    /// Changes the line.
    pub(super) fn on(self, line: &mut Line) {
        let side = |line: &Line, code| line.teams.iter().position(|team| *team == Some(code)).unwrap();
        match self {
            Self::Start(at) => line.starts_at = at,
            Self::BestOf(best_of) => line.best_of = best_of,
            Self::Block(block) => line.block = block,
            Self::Swap => line.swap(),
            Self::Replace(one, other) => line.teams[side(line, one)] = Some(other),
            Self::Undecide(one) => line.teams[side(line, one)] = None,
            Self::Won(by, lost, is_forfeit) => {
                let mut wins = [lost; 2];
                wins[side(line, by)] = line.best_of / 2 + 1;
                line.ending = Some(Ending { wins, is_forfeit });
            }
            Self::Cancel => line.is_cancelled = true,
        }
    }
}

/// A team that does not play in it.
pub(super) fn another_team(line: &Line, random: &mut StdRng) -> &'static str {
    let others: Vec<_> = TEAMS.into_iter().filter(|code| !line.teams.contains(&Some(code))).collect();
    others.choose(random).unwrap()
}

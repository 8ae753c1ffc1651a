//! What the live feed says about a match, and what is believed of it.
//!
//! The feed may call a match completed that nobody has played, so only outcomes count; it does not mark forfeits, so
//! game wins that do not fit the best-of wait for an administrator; and it forgets teams now and then, so a team that
//! was known stays known.

use chrono::{DateTime, Utc};
use loljoa_service_kit::TeamId;

use super::{BestOf, Match, MatchState, Score, Side, decision::Outcome};

/// What the feed says about one match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Part of the season.
    pub block: String,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// Its length.
    pub best_of: BestOf,
    /// Its teams; `None` while to be decided.
    pub teams: [Option<TeamId>; 2],
    /// How far the feed says that it is.
    pub stage: Stage,
    /// What the feed says of each team's result.
    pub verdicts: [Option<Verdict>; 2],
    /// Games won by each team; anything at all.
    pub wins: [i64; 2],
}

/// How far the feed says that a match is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Not begun.
    Unstarted,
    /// Being played.
    InProgress,
    /// Over, or perhaps never played.
    Completed,
}

/// What the feed says of a team's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It won.
    Win,
    /// It lost.
    Loss,
}

impl Observation {
    /// `present` with what the feed says. What an administrator decided stays.
    #[must_use]
    pub fn applied_to(&self, present: &Match) -> Match {
        if present.by_hand && present.is_over() {
            return present.clone();
        }
        let next = Match {
            block: self.block.clone(),
            starts_at: if present.by_hand { present.starts_at } else { self.starts_at },
            team1_id: self.teams[0].or(present.team1_id),
            team2_id: self.teams[1].or(present.team2_id),
            ..present.clone()
        };
        if next.team1_id.is_some() && next.team1_id == next.team2_id {
            return in_review(present.clone());
        }
        let believed = match self.winner() {
            Ok(Some(winner)) => self.decided(winner, &next),
            Ok(None) if present.is_decided() => same_teams(&next, present).then(|| next.clone()),
            Ok(None) => self.advanced(&next),
            Err(Contradiction) => None,
        };
        // A result that stands is one between the teams it was recorded for.
        believed.unwrap_or_else(|| in_review(if present.is_decided() { present.clone() } else { next }))
    }

    /// Who won, if the feed says so.
    fn winner(&self) -> Result<Option<Side>, Contradiction> {
        match self.verdicts {
            [Some(Verdict::Win), Some(Verdict::Loss)] => Ok(Some(Side::Team1)),
            [Some(Verdict::Loss), Some(Verdict::Win)] => Ok(Some(Side::Team2)),
            [None, None] => Ok(None),
            _ => Err(Contradiction),
        }
    }

    fn score(&self) -> Option<Score> {
        let [team1, team2] = self.wins.map(|wins| i16::try_from(wins).ok());
        Some(Score { team1: team1?, team2: team2? })
    }

    /// `next` with the result, if that can be.
    fn decided(&self, winner: Side, next: &Match) -> Option<Match> {
        let score = self.score().filter(|score| score.winner(self.best_of) == Ok(winner))?;
        let next = Match { best_of: self.best_of, ..next.clone() };
        next.decided(Outcome { score, forfeited_by: None }).ok()
    }

    /// `next`, which has no result, as far as the feed says that it is; if that can be.
    fn advanced(&self, next: &Match) -> Option<Match> {
        let mut next = Match { best_of: self.best_of, needs_review: false, ..next.clone() };
        match self.stage {
            Stage::Unstarted => {
                next.state = MatchState::Scheduled;
                next.set_score(Score::default());
            }
            Stage::InProgress => {
                next.state = MatchState::InProgress;
                next.set_score(self.score()?);
            }
            Stage::Completed => {}
        }
        next.score().is_partial(next.best_of).then_some(next)
    }
}

fn same_teams(one: &Match, other: &Match) -> bool {
    (one.team1_id, one.team2_id) == (other.team1_id, other.team2_id)
}

/// The feed contradicts itself.
struct Contradiction;

fn in_review(m: Match) -> Match {
    Match { needs_review: true, ..m }
}

#[cfg(test)]
mod tests;

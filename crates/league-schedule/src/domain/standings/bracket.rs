//! Brackets: who has won them, and where everybody else fell.

use std::{cmp::Reverse, collections::BTreeSet};

use loljoa_service_kit::TeamId;

use super::{Fate, Standing, Table};
use crate::domain::{
    Match, MatchState,
    season::words,
    stage::{BracketSide, Round},
};

/// A round with its matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayedRound {
    /// The round.
    pub round: Round,
    /// By start.
    pub matches: Vec<Match>,
}

/// The rounds of a bracket with their matches.
pub(super) struct Bracket {
    pub(super) rounds: Vec<PlayedRound>,
}

/// Where a team stands in a bracket; less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Champion,
    StillIn,
    /// In this round, counted from the first; who won the match for a place comes before who lost it.
    Fell(Reverse<usize>, Reverse<bool>),
}

impl Place {
    const fn fate(self) -> Fate {
        match self {
            Self::Champion => Fate::Through,
            Self::StillIn => Fate::Open,
            Self::Fell(..) => Fate::Out,
        }
    }
}

/// The round that ends a bracket of these: its final, or the last one.
#[must_use]
pub fn ending(rounds: &[PlayedRound]) -> Option<usize> {
    let is_final = |played: &PlayedRound| played.round.side == BracketSide::Final;
    let last = |played: &PlayedRound| played.round.side != BracketSide::Placement;
    rounds.iter().rposition(is_final).or_else(|| rounds.iter().rposition(last))
}

/// The same, once it is known to have a single match; those that will not be played do not count.
#[must_use]
pub fn deciding(rounds: &[PlayedRound]) -> Option<usize> {
    let is_played = |m: &&Match| m.state != MatchState::Cancelled;
    ending(rounds).filter(|at| rounds[*at].matches.iter().filter(is_played).count() == 1)
}

impl Bracket {
    /// The bracket of these rounds, whose matches are among `matches`.
    pub(super) fn new(rounds: &[Round], matches: &[&Match]) -> Self {
        let of = |round: &Round| {
            let own = matches.iter().filter(|m| words::fold(&m.block) == words::fold(&round.block));
            let mut own: Vec<Match> = own.map(|m| (*m).clone()).collect();
            own.sort_by_key(|m| (m.starts_at, m.match_id));
            PlayedRound { round: round.clone(), matches: own }
        };
        Self { rounds: rounds.iter().map(of).collect() }
    }

    /// Who has won the match that decides the bracket: the only one of its final, or of its last round.
    pub(super) fn champion(&self) -> Option<TeamId> {
        self.rounds.get(self.deciding()?)?.matches.iter().find_map(|m| m.winner_id)
    }

    fn deciding(&self) -> Option<usize> {
        deciding(&self.rounds)
    }

    /// Every team by how far it came. Teams that are still in share the first rank; those that share one are told by seed, then by
    /// games.
    pub(super) fn table(&self, seeds: &[TeamId]) -> Table {
        let all = || self.rounds.iter().flat_map(|played| &played.matches);
        let mut teams: BTreeSet<TeamId> = all().flat_map(|m| [m.team1_id, m.team2_id]).flatten().collect();
        teams.extend(seeds);
        let seed = |team| seeds.iter().position(|seed| *seed == team).unwrap_or(seeds.len());
        let placed = |team| (self.place(team), Standing::after(team, all()));
        let mut placed: Vec<(Place, Standing)> = teams.into_iter().map(placed).collect();
        placed.sort_by_key(|(place, line)| {
            (*place, seed(line.team_id), Reverse(line.game_difference()), line.team_id)
        });
        let mut lines = Vec::with_capacity(placed.len());
        for level in placed.chunk_by(|(a, _), (b, _)| a == b) {
            let rank = i32::try_from(lines.len()).unwrap_or(i32::MAX).saturating_add(1);
            lines.extend(level.iter().map(|(place, line)| Standing { rank, fate: place.fate(), ..*line }));
        }
        Table { group: None, lines }
    }

    fn place(&self, team: TeamId) -> Place {
        if self.champion() == Some(team) {
            return Place::Champion;
        }
        let mut last = None;
        for (at, played) in self.rounds.iter().enumerate() {
            for m in played.matches.iter().filter(|m| m.side_of(team).is_some()) {
                match m.winner_id {
                    Some(winner) => last = Some((at, played, winner == team)),
                    None if m.is_over() => {}
                    None => return Place::StillIn,
                }
            }
        }
        let Some((at, played, won)) = last else { return Place::StillIn };
        let is_for_a_place = played.round.side == BracketSide::Placement;
        // A match for a place stands just before the final, whenever it is played.
        let at = if is_for_a_place {
            self.deciding().map_or(at, |deciding| 2 * deciding).saturating_sub(1)
        } else {
            2 * at
        };
        let falls = !won && (played.round.eliminates || self.champion().is_some());
        if falls || is_for_a_place { Place::Fell(Reverse(at), Reverse(won)) } else { Place::StillIn }
    }
}

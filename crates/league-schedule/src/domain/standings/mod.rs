//! The table of a tournament.
//!
//! Weeks count; when a tournament has no weeks (playoffs), every match does. Teams are ordered by wins, then by game
//! difference. Teams level on both share a rank, unless a tiebreaker between the two was played: it decides the order
//! and counts for nothing else.

use std::{cmp::Ordering, collections::HashMap};

use loljoa_service_kit::TeamId;

use super::Match;

/// One team's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// From 1; shared by teams that nothing separates.
    pub rank: i32,
    /// Whose line it is.
    pub team_id: TeamId,
    /// Matches won.
    pub wins: i32,
    /// Matches lost.
    pub losses: i32,
    /// Games won.
    pub game_wins: i32,
    /// Games lost.
    pub game_losses: i32,
}

impl Standing {
    /// Games won minus games lost.
    #[must_use]
    pub const fn game_difference(&self) -> i32 {
        self.game_wins - self.game_losses
    }

    const fn of(team_id: TeamId) -> Self {
        Self { rank: 0, team_id, wins: 0, losses: 0, game_wins: 0, game_losses: 0 }
    }

    fn add(&mut self, won: bool, games: i16, games_of_opponent: i16) {
        self.wins += i32::from(won);
        self.losses += i32::from(!won);
        self.game_wins += i32::from(games);
        self.game_losses += i32::from(games_of_opponent);
    }

    fn compare(&self, other: &Self) -> Ordering {
        (other.wins, other.game_difference()).cmp(&(self.wins, self.game_difference()))
    }
}

/// The table after `matches`, best first. Teams without a decided match stand in it with nothing won.
#[must_use]
pub fn table(matches: &[Match]) -> Vec<Standing> {
    let has_weeks = matches.iter().any(is_week);
    let counted = matches.iter().filter(|m| if has_weeks { is_week(m) } else { !is_tiebreaker(m) });
    let mut lines: HashMap<TeamId, Standing> = HashMap::new();
    for m in counted {
        for (team, games, other) in
            [(m.team1_id, m.team1_wins, m.team2_wins), (m.team2_id, m.team2_wins, m.team1_wins)]
        {
            let Some(team) = team else { continue };
            let line = lines.entry(team).or_insert(Standing::of(team));
            if m.is_decided() {
                line.add(m.winner_id == Some(team), games, other);
            }
        }
    }
    let mut table: Vec<Standing> = lines.into_values().collect();
    table.sort_by(|a, b| a.compare(b).then(a.team_id.cmp(&b.team_id)));
    rank(&mut table, matches);
    table
}

fn is_week(m: &Match) -> bool {
    m.block.starts_with("Week")
}

fn is_tiebreaker(m: &Match) -> bool {
    m.block.starts_with("Tiebreaker")
}

/// Numbers the lines, group of level teams by group.
fn rank(table: &mut [Standing], matches: &[Match]) {
    let mut above = 0;
    for group in table.chunk_by_mut(|a, b| a.compare(b).is_eq()) {
        let first = i32::try_from(above).unwrap_or(i32::MAX).saturating_add(1);
        for line in group.iter_mut() {
            line.rank = first;
        }
        if let [upper, lower] = group
            && let Some(winner) = tiebreaker_winner(matches, upper.team_id, lower.team_id)
        {
            if winner == lower.team_id {
                std::mem::swap(upper, lower);
            }
            lower.rank += 1;
        }
        above += group.len();
    }
}

fn tiebreaker_winner(matches: &[Match], a: TeamId, b: TeamId) -> Option<TeamId> {
    let between = |m: &&Match| m.side_of(a).is_some() && m.side_of(b).is_some();
    matches.iter().filter(|m| is_tiebreaker(m)).find(between).and_then(|m| m.winner_id)
}

#[cfg(test)]
mod tests;

//! A team's line.

use loljoa_service_kit::TeamId;

use crate::domain::Match;

/// Whether a team is still in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing is decided for it.
    Open,
    /// It goes on, or has won the bracket.
    Through,
    /// It is out.
    Out,
}

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
    /// Whether it is still in.
    pub fate: Fate,
}

impl Standing {
    /// Games won minus games lost.
    #[must_use]
    pub const fn game_difference(&self) -> i32 {
        self.game_wins - self.game_losses
    }

    /// The line of a team after these matches, of which those that are decided and its own count.
    pub(super) fn after<'a>(team_id: TeamId, matches: impl IntoIterator<Item = &'a Match>) -> Self {
        let mut line =
            Self { rank: 0, team_id, wins: 0, losses: 0, game_wins: 0, game_losses: 0, fate: Fate::Open };
        for m in matches.into_iter().filter(|m| m.is_decided()) {
            let (games, other) = match team_id {
                team if m.team1_id == Some(team) => (m.team1_wins, m.team2_wins),
                team if m.team2_id == Some(team) => (m.team2_wins, m.team1_wins),
                _ => continue,
            };
            let won = m.winner_id == Some(team_id);
            line.wins += i32::from(won);
            line.losses += i32::from(!won);
            line.game_wins += i32::from(games);
            line.game_losses += i32::from(other);
        }
        line
    }
}

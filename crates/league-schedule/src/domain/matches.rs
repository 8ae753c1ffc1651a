//! A match and what holds for it.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{MatchId, TeamId, TournamentId, ids};

use super::{BestOf, Score, Side};

/// How far a match is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum MatchState {
    /// It has not begun.
    Scheduled,
    /// It is being played.
    InProgress,
    /// It was played to its end.
    Completed,
    /// It was decided without play; counts in the standings.
    Forfeited,
    /// It will not be played.
    Cancelled,
}

impl MatchState {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Forfeited => "forfeited",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A match as it stands at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Derived from what the source calls it.
    pub match_id: MatchId,
    /// The tournament it belongs to.
    pub tournament_id: TournamentId,
    /// What the source calls it, unique in its tournament.
    pub source_key: String,
    /// Part of the season, such as `Week 1`.
    pub block: String,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// Its length.
    pub best_of: BestOf,
    /// How far it is.
    pub state: MatchState,
    /// The first team; `None` while to be decided.
    pub team1_id: Option<TeamId>,
    /// The second team; `None` while to be decided.
    pub team2_id: Option<TeamId>,
    /// Games the first team has won so far.
    pub team1_wins: i16,
    /// Games the second team has won so far.
    pub team2_wins: i16,
    /// The winner, once decided.
    pub winner_id: Option<TeamId>,
    /// Who forfeited it.
    pub forfeited_by_id: Option<TeamId>,
    /// The source reported a result that cannot be: an administrator has to decide.
    pub needs_review: bool,
    /// An administrator has decided something here; sources leave that alone.
    pub by_hand: bool,
    /// It never was, an administrator has said: it is shown nowhere, and cancelled for whoever follows the feed.
    pub removed: bool,
    /// Counts the changes, from 1; the database does the counting.
    pub revision: i64,
}

impl Match {
    /// The id of the match that a tournament's source calls `source_key`.
    #[must_use]
    pub fn id_of(tournament: TournamentId, source_key: &str) -> MatchId {
        MatchId(ids::derived(&[b"match", tournament.0.as_bytes(), source_key.as_bytes()]))
    }

    /// The id of the match that the live feed calls `source_key`; it may move from one tournament's days to another's.
    #[must_use]
    pub fn id_in_feed(source_key: &str) -> MatchId {
        MatchId(ids::derived(&[b"match", b"lolesports", source_key.as_bytes()]))
    }

    /// A match that nobody has heard of before: scheduled, both teams to be decided.
    #[must_use]
    pub fn new(
        tournament_id: TournamentId,
        source_key: String,
        block: String,
        starts_at: DateTime<Utc>,
        best_of: BestOf,
    ) -> Self {
        Self {
            match_id: Self::id_of(tournament_id, &source_key),
            tournament_id,
            source_key,
            block,
            starts_at,
            best_of,
            state: MatchState::Scheduled,
            team1_id: None,
            team2_id: None,
            team1_wins: 0,
            team2_wins: 0,
            winner_id: None,
            forfeited_by_id: None,
            needs_review: false,
            by_hand: false,
            removed: false,
            revision: 1,
        }
    }

    /// The games won so far.
    #[must_use]
    pub const fn score(&self) -> Score {
        Score { team1: self.team1_wins, team2: self.team2_wins }
    }

    /// Whether a winner stands.
    #[must_use]
    pub const fn is_decided(&self) -> bool {
        matches!(self.state, MatchState::Completed | MatchState::Forfeited)
    }

    /// Whether nothing more will happen in it.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_decided() || matches!(self.state, MatchState::Cancelled)
    }

    /// The team on `side`.
    #[must_use]
    pub const fn team(&self, side: Side) -> Option<TeamId> {
        match side {
            Side::Team1 => self.team1_id,
            Side::Team2 => self.team2_id,
        }
    }

    /// The side that `team` plays on.
    #[must_use]
    pub fn side_of(&self, team: TeamId) -> Option<Side> {
        [Side::Team1, Side::Team2].into_iter().find(|side| self.team(*side) == Some(team))
    }

    /// Lets `score` stand.
    pub const fn set_score(&mut self, score: Score) {
        self.team1_wins = score.team1;
        self.team2_wins = score.team2;
    }
}

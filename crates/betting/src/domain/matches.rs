//! What betting needs to know of a match.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{MatchId, TeamId};

/// Where a match stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum MatchState {
    /// Not started.
    Scheduled,
    /// Being played.
    InProgress,
    /// Played.
    Completed,
    /// Decided without play.
    Forfeited,
    /// Will not be played.
    Cancelled,
}

/// A side of a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Team {
    /// Its id.
    pub(crate) team_id: TeamId,
    /// Short, such as T1.
    pub(crate) code: String,
    /// In English.
    pub(crate) name_en: String,
    /// In Korean.
    pub(crate) name_ko: String,
}

/// A revision of a match, as the feed brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MatchNews {
    /// The match.
    pub(crate) match_id: MatchId,
    /// Counts its changes.
    pub(crate) revision: i64,
    /// Where it stands.
    pub(crate) state: MatchState,
    /// When it starts.
    pub(crate) starts_at: DateTime<Utc>,
    /// 1, 3 or 5.
    pub(crate) best_of: u8,
    /// The sides; absent while one is to be decided.
    pub(crate) teams: Option<[Team; 2]>,
    /// Sets won by each side.
    pub(crate) wins: [u8; 2],
    /// The result cannot be; an admin has to decide.
    pub(crate) needs_review: bool,
}

/// What was known of a match before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KnownMatch {
    /// The latest revision seen.
    pub(crate) revision: i64,
    /// Where it stood.
    pub(crate) state: MatchState,
    /// When it was to start.
    pub(crate) starts_at: DateTime<Utc>,
    /// The sides, in the order in which its markets speak of them.
    pub(crate) teams: Option<[TeamId; 2]>,
}
